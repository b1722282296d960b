// The child behind the floors.
#include <grpcpp/grpcpp.h>
#include <openssl/evp.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <signal.h>

#include <cstdio>
#include <thread>

#include "common/base/bytes.h"
#include "common/base/file.h"
#include "common/base/mutex.h"
#include "common/crypto/hash.h"
#include "kapea/v1/sync_service.grpc.pb.h"
#include "tools/measure/floors.h"

namespace kapea::bench {
namespace {

class EchoService final : public v1::Sync::CallbackService {
  grpc::ServerUnaryReactor* Push(grpc::CallbackServerContext* context,
                                 const v1::PushRequest* request,
                                 v1::PushResponse* response) override {
    response->set_server_time(request->checkpoint());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// AES-256-GCM as cheap as OpenSSL makes it: one context, one key, a counter for a nonce.
class CheapSeal {
 public:
  CheapSeal() : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)) {
    const std::string key = crypto::RandomBytes(32);
    ok_ = EVP_EncryptInit_ex2(context_, cipher_, Bytes(key), nullptr, nullptr) == 1;
  }
  ~CheapSeal() {
    EVP_CIPHER_CTX_free(context_);
    EVP_CIPHER_free(cipher_);
  }
  CheapSeal(const CheapSeal&) = delete;
  CheapSeal& operator=(const CheapSeal&) = delete;

  // Nonce, ciphertext, tag; empty when OpenSSL fails.
  std::string Seal(std::string_view plain) {
    std::string out;
    AppendU32(out, 0);
    AppendU64(out, ++counter_);
    const size_t nonce = out.size();
    out.resize(nonce + plain.size() + kTag);
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    int size = 0;
    ok_ =
        ok_ && EVP_EncryptInit_ex2(context_, nullptr, nullptr, at, nullptr) == 1 &&
        EVP_EncryptUpdate(context_, at + nonce, &size, Bytes(plain),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context_, at + nonce + plain.size(), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, kTag, at + nonce + plain.size()) == 1;
    return ok_ ? out : std::string();
  }

 private:
  static constexpr int kTag = 16;
  static const unsigned char* Bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  EVP_CIPHER* cipher_;
  EVP_CIPHER_CTX* context_ = EVP_CIPHER_CTX_new();
  uint64_t counter_ = 0;
  bool ok_ = false;
};

// A handler queues; one thread seals what waits, commits it in one batch with one
// fdatasync, and answers all. Blocking gRPC's threads on the disk would be far slower.
class DurableService final : public v1::Blob::CallbackService {
 public:
  explicit DurableService(std::unique_ptr<rocksdb::DB> db)
      : db_(std::move(db)), committer_([this] { Commit(); }) {}
  ~DurableService() override {
    {
      MutexLock lock(mutex_);
      stop_ = true;
      work_.NotifyAll();
    }
    committer_.join();
  }

  grpc::ServerUnaryReactor* Put(grpc::CallbackServerContext* context,
                                const v1::BlobPutRequest* request, v1::BlobPutResponse*) override {
    auto* reactor = context->DefaultReactor();
    MutexLock lock(mutex_);
    waiting_.emplace_back(reactor, request);
    work_.NotifyOne();
    return reactor;
  }

 private:
  using Waiting = std::pair<grpc::ServerUnaryReactor*, const v1::BlobPutRequest*>;

  std::vector<Waiting> Take() {
    MutexLock lock(mutex_);
    while (waiting_.empty() && !stop_) work_.WaitFor(mutex_, Duration::Seconds(1));
    std::vector<Waiting> taken;
    taken.swap(waiting_);
    return taken;
  }
  void Commit() {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    uint64_t number = 0;
    CheapSeal seal;
    for (auto group = Take(); !group.empty(); group = Take()) {
      rocksdb::WriteBatch batch;
      bool good = true;
      for (const Waiting& one : group) {
        std::string key;
        AppendU64(key, ++number);
        const std::string sealed = seal.Seal(one.second->chunks(0));
        good = good && !sealed.empty() && batch.Put(key, sealed).ok();
      }
      good = good && db_->Write(synced, &batch).ok();
      const grpc::Status status =
          good ? grpc::Status::OK : grpc::Status(grpc::StatusCode::INTERNAL, "not stored");
      for (const Waiting& one : group) one.first->Finish(status);
    }
  }

  const std::unique_ptr<rocksdb::DB> db_;
  Mutex mutex_;
  CondVar work_;
  std::vector<Waiting> waiting_ KAPEA_GUARDED_BY(mutex_);
  bool stop_ KAPEA_GUARDED_BY(mutex_) = false;
  std::thread committer_;
};

}  // namespace

int ServeFloors(const std::string& folder) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  constexpr size_t kPemMax = 64 * 1024;
  const auto root = ReadFile(folder + "/root.pem", kPemMax);
  const auto chain = ReadFile(folder + "/chain.pem", kPemMax);
  const auto key = ReadFile(folder + "/key.pem", kPemMax);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  const auto opened = rocksdb::DB::Open(options, folder + "/composite", &db);
  if (!root.ok() || !chain.ok() || !key.ok() || !opened.ok()) return 1;
  EchoService echo;
  DurableService durable{std::unique_ptr<rocksdb::DB>(db)};
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = *root;
  tls.pem_key_cert_pairs.push_back({*key, *chain});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
  builder.RegisterService(&echo);
  builder.RegisterService(&durable);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  ::sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}

}  // namespace kapea::bench
