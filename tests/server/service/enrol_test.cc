// Enrolment over mutual TLS, from the registrar's code to a device that works.
#include <gmock/gmock.h>

#include "common/crypto/domains.h"
#include "common/pki/certificate.h"
#include "common/pki/enrolment_code.h"
#include "common/pki/request.h"
#include "server/core/enrolment.h"
#include "server/service/wire.h"
#include "tests/common/pki/forge.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

// What is in an enrolment code, as far as the server is concerned.
struct Code {
  crypto::SigningKey bootstrap = crypto::SigningKey::Generate();
  std::string secret = crypto::RandomBytes(16);
  std::string chain_pem;
  ChangeId enrolment;
};

class EnrolTest : public ServiceTest {
 protected:
  EnrolTest() { world_.StartServer(); }

  grpc::Status Create(const TestDevice& by, Code& code) {
    v1::CreateEnrolmentRequest request;
    auto* role = request.add_roles();
    role->set_role(v1::ROLE_OFFICER);
    role->set_unit(world_.police.str());
    request.set_certificate_request(*pki::MakeRequest(code.bootstrap));
    request.set_secret(code.secret);
    v1::CreateEnrolmentResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto status =
        v1::Admin::NewStub(Channel(by))->CreateEnrolment(&context, request, &response);
    code.chain_pem = response.certificate_chain();
    if (status.ok()) code.enrolment = *ChangeId::FromBytes(response.enrolment());
    return status;
  }
  Code MustCreate() {
    Code code;
    const grpc::Status status = Create(world_.registrar1, code);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return code;
  }
  // What a new device offers; `device` gets its keys.
  v1::EnrolRequest Offer(const Code& code, TestDevice& device) {
    OfferedKeys keys;
    keys.certificate_request = *pki::MakeRequest(device.tls);
    keys.signing_key = device.signing.verify_key().bytes();
    keys.device_receive_key = device.receive_key;
    keys.person_receive_key = crypto::RandomBytes(32);
    keys.unit_receive_key = crypto::RandomBytes(32);
    const auto request = pki::Request::FromDer(keys.certificate_request);
    v1::EnrolRequest wire;
    wire.set_certificate_request(keys.certificate_request);
    wire.set_signing_key(keys.signing_key);
    wire.set_device_receive_key(keys.device_receive_key);
    wire.set_person_receive_key(keys.person_receive_key);
    wire.set_unit_receive_key(keys.unit_receive_key);
    wire.set_mac(*pki::EnrolmentMac(code.secret, request->spki(),
                                    {keys.signing_key, keys.device_receive_key,
                                     keys.person_receive_key, keys.unit_receive_key}));
    return wire;
  }
  grpc::Status Enrol(const Code& code, const v1::EnrolRequest& request,
                     v1::EnrolResponse& response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Enrol::NewStub(world_.Open(code.chain_pem, code.bootstrap))
        ->Enrol(&context, request, &response);
  }
  TestDevice MustEnrol(const Code& code) {
    TestDevice device;
    v1::EnrolResponse response;
    const grpc::Status status = Enrol(code, Offer(code, device), response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    device.device = *DeviceId::FromBytes(response.device());
    device.person = *PersonId::FromBytes(response.person());
    device.unit = *UnitId::FromBytes(response.unit());
    device.role = static_cast<domain::Role>(response.role());
    device.chain_pem = response.certificate_chain();
    EXPECT_EQ(response.directory_file(), world_.directory_file.str());
    return device;
  }
  void Admit(const TestDevice& device) {
    const auto proposal = world_.Propose(
        world_.registrar1, {TestDeployment::PersonOf(device), TestDeployment::EntryOf(device)});
    MustPush(world_.registrar1, {world_.Sign(world_.registrar1, {proposal})});
    const auto approval = world_.Approve(world_.registrar2, proposal);
    MustPush(world_.registrar2, {world_.Sign(world_.registrar2, {approval})});
  }
  std::vector<v1::DeviceLine> List(uint32_t page_size) {
    std::vector<v1::DeviceLine> lines;
    v1::ListDevicesRequest request;
    request.set_page_size(page_size);
    do {
      v1::ListDevicesResponse response;
      grpc::ClientContext context;
      SetDeadline(context);
      const auto status =
          v1::Admin::NewStub(Channel(world_.registrar3))->ListDevices(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      lines.insert(lines.end(), response.devices().begin(), response.devices().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return lines;
  }
};

TEST_F(EnrolTest, ANewDeviceIsPendingUntilTwoRegistrarsApproveIt) {
  TestDevice device = MustEnrol(MustCreate());
  EXPECT_EQ(device.role, domain::Role::kOfficer);
  EXPECT_EQ(device.unit, world_.police);
  v1::PushResponse response;
  const grpc::Status early = Push(device, {}, response);
  EXPECT_EQ(early.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(early.error_message(), testing::HasSubstr("two registrars must approve it"));
  EXPECT_EQ(List(3).size(), 8u);

  Admit(device);
  TestFile file;
  const auto parcel = world_.Sign(device, {world_.Edit(device, file)});
  EXPECT_EQ(MustPush(device, {parcel}).receipts_size(), 1);
  int pending = 0;
  for (const auto& line : List(100)) pending += line.pending() ? 1 : 0;
  EXPECT_EQ(pending, 0);
}

TEST_F(EnrolTest, ListsAPendingDeviceWithWhatItOffered) {
  const TestDevice device = MustEnrol(MustCreate());
  for (const auto& line : List(100)) {
    if (line.device().device() != device.device.str()) continue;
    EXPECT_TRUE(line.pending());
    EXPECT_EQ(line.device().signing_key(), device.signing.verify_key().bytes());
    EXPECT_EQ(line.person().roles_size(), 1);
    EXPECT_EQ(line.unit_receive_key().size(), 32u);
    return;
  }
  FAIL() << "the pending device is not listed";
}

TEST_F(EnrolTest, ACodeServesOnce) {
  const Code code = MustCreate();
  MustEnrol(code);
  TestDevice second;
  v1::EnrolResponse response;
  const grpc::Status status = Enrol(code, Offer(code, second), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(response.certificate_chain().empty());
}

TEST_F(EnrolTest, AStolenMacDoesNotFitOtherKeys) {
  const Code code = MustCreate();
  TestDevice honest, thief;
  const v1::EnrolRequest overheard = Offer(code, honest);
  v1::EnrolRequest stolen = Offer(code, thief);
  stolen.set_mac(overheard.mac());
  v1::EnrolResponse response;
  EXPECT_EQ(Enrol(code, stolen, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(Enrol(code, overheard, response).ok());  // two tries were left
}

TEST_F(EnrolTest, ThreeWrongTriesEndACode) {
  const Code code = MustCreate();
  TestDevice device;
  const v1::EnrolRequest right = Offer(code, device);
  v1::EnrolRequest wrong = right;
  wrong.set_mac(std::string(32, 'x'));
  v1::EnrolResponse response;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Enrol(code, wrong, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  EXPECT_EQ(Enrol(code, right, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(EnrolTest, AnExpiredCodeIsRefusedEvenWithoutTls) {
  const Code code = MustCreate();
  TestDevice device;
  const OfferedKeys keys = KeysFromWire(Offer(code, device));
  auto book = DeviceBook::Open(*world_.store);
  ASSERT_TRUE(book.ok());
  Enrolment enrolment(*world_.store, world_.server().published(), **book, world_.issuer,
                      *world_.clock);
  world_.clock->Advance(Duration::Minutes(15));
  const auto late = enrolment.Enrol(code.enrolment, keys);
  EXPECT_TRUE(absl::IsUnauthenticated(late.status()));
  EXPECT_THAT(std::string(late.status().message()), testing::HasSubstr("has expired"));
  v1::EnrolResponse response;
  EXPECT_FALSE(Enrol(code, Offer(code, device), response).ok());
}

TEST_F(EnrolTest, RefusesKeysThatAreNone) {
  const Code code = MustCreate();
  TestDevice device;
  v1::EnrolResponse response;
  v1::EnrolRequest rsa = Offer(code, device);
  rsa.set_certificate_request(pki::ForgeRequest("thief", "", 2048));
  EXPECT_EQ(Enrol(code, rsa, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::EnrolRequest same = Offer(code, device);
  same.set_signing_key(device.tls.verify_key().bytes());
  EXPECT_EQ(Enrol(code, same, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::EnrolRequest off_curve = Offer(code, device);
  off_curve.mutable_signing_key()->back() = static_cast<char>(off_curve.signing_key().back() ^ 1);
  EXPECT_EQ(Enrol(code, off_curve, response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(EnrolTest, ABootstrapCertificateMayCallEnrolAlone) {
  const Code code = MustCreate();
  const auto channel = world_.Open(code.chain_pem, code.bootstrap);
  grpc::ClientContext push_context, admin_context;
  SetDeadline(push_context);
  SetDeadline(admin_context);
  v1::PushResponse pushed;
  EXPECT_EQ(v1::Sync::NewStub(channel)->Push(&push_context, {}, &pushed).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::ListDevicesResponse listed;
  EXPECT_EQ(v1::Admin::NewStub(channel)->ListDevices(&admin_context, {}, &listed).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(EnrolTest, OnlyRegistrarsMakeCodes) {
  Code code;
  EXPECT_EQ(Create(world_.lead, code).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Create(world_.supervisor, code).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(code.chain_pem.empty());
}

TEST_F(EnrolTest, RenewsForANewKeySignedByTheDevice) {
  const crypto::SigningKey next = crypto::SigningKey::Generate();
  v1::RenewRequest request;
  request.set_certificate_request(*pki::MakeRequest(next));
  const auto renew = [&](v1::RenewResponse& response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Enrol::NewStub(Channel(world_.lead))->Renew(&context, request, &response);
  };
  v1::RenewResponse response;
  // A thief of the TLS key has the connection, but not the signing key.
  request.set_signature(
      world_.lead.tls.Sign(std::string(crypto::kRenewDomain) + request.certificate_request()));
  EXPECT_EQ(renew(response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  request.set_signature(
      world_.lead.signing.Sign(std::string(crypto::kRenewDomain) + request.certificate_request()));
  ASSERT_TRUE(renew(response).ok());
  TestDevice renewed = world_.lead;
  renewed.tls = next;
  renewed.chain_pem = response.certificate_chain();
  channels_.clear();
  v1::PushResponse pushed;
  EXPECT_TRUE(Push(renewed, {}, pushed).ok());
  channels_.clear();
  EXPECT_TRUE(Push(world_.lead, {}, pushed).ok());  // the old one overlaps
}

}  // namespace
}  // namespace kapea::server
