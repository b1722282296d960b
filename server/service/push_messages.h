// Where the messages of a Push lie.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <array>

#include "kapea/v1/sync.pb.h"

namespace kapea::server {

// A push has a hundred small parts: each call takes them from one piece of memory, given
// back as a whole. Threads: any.
class PushMessages final : public grpc::MessageAllocator<v1::PushRequest, v1::PushResponse> {
 public:
  grpc::MessageHolder<v1::PushRequest, v1::PushResponse>* AllocateMessages() override {
    return new Call();
  }

 private:
  class Call final : public grpc::MessageHolder<v1::PushRequest, v1::PushResponse> {
   public:
    Call() : arena_(first_.data(), first_.size()) {
      set_request(google::protobuf::Arena::CreateMessage<v1::PushRequest>(&arena_));
      set_response(google::protobuf::Arena::CreateMessage<v1::PushResponse>(&arena_));
    }
    void Release() override { delete this; }

   private:
    static constexpr size_t kFirstBytes = 8 * 1024;  // most pushes from a raid fit
    alignas(8) std::array<char, kFirstBytes> first_;
    google::protobuf::Arena arena_;
  };
};

}  // namespace kapea::server
