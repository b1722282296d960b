#include "tools/admin/offers.h"

#include <string>
#include <vector>

#include "common/base/macros.h"
#include "common/base/time.h"
#include "common/crypto/fingerprint.h"
#include "common/domain/roles.h"

namespace kapea::admin {
namespace {

using Json = nlohmann::ordered_json;
using OpenOffer = domain::Directory::OpenOffer;

std::string OwnerOf(const domain::Directory& directory, const domain::KeyOffer& offer) {
  if (offer.person) return "person " + offer.person->hex();
  const domain::UnitEntry* unit = directory.FindUnit(*offer.unit);
  return "unit " + (unit == nullptr ? offer.unit->hex() : unit->code);
}

Json ToJson(const domain::Directory& directory, const OpenOffer& open) {
  Json json = {{"offer", open.change.hex()}};
  if (open.offer.person) {
    json["person"] = open.offer.person->hex();
  } else {
    const domain::UnitEntry* unit = directory.FindUnit(*open.offer.unit);
    json["unit"] = unit == nullptr ? open.offer.unit->hex() : unit->code;
  }
  json["generation"] = open.offer.generation;
  json["by"] = open.by.hex();
  json["fingerprint"] = crypto::Fingerprint(open.offer.receive_key);
  json["offered"] = ToIso8601(open.received);
  json["approvals"] = open.approvals;
  return json;
}

// Under which roles she works; what she offers is only as good as these.
std::string RolesOf(const domain::Directory& directory, const PersonId& person) {
  const domain::PersonEntry* entry = directory.FindPerson(person);
  std::string roles;
  if (entry == nullptr) return "not in the directory";
  for (const domain::RoleAt& held : entry->roles) {
    const domain::UnitEntry* unit = directory.FindUnit(held.unit);
    roles += (roles.empty() ? "" : ", ") + std::string(domain::NameOf(held.role)) + " at " +
             (unit == nullptr ? held.unit.hex() : unit->code);
  }
  return roles;
}

}  // namespace

absl::Status RunOffers(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  const auto directory = registrars.proposer().vault().directory();
  Json list = Json::array();
  std::string text;
  for (const OpenOffer& open : directory->OpenOffers(clock.Now())) {
    list.push_back(ToJson(*directory, open));
    text += open.change.hex() + "  " + OwnerOf(*directory, open.offer) + "  key " +
            std::to_string(open.offer.generation) + "  " +
            crypto::Fingerprint(open.offer.receive_key) + "  by " + open.by.hex() + " (" +
            RolesOf(*directory, open.by) + ")  until " +
            ToIso8601(open.received + domain::kProposalLapses) + "\n";
  }
  text += list.empty() ? "no key is offered"
                       : "Ask who offers it to read the number of her device (kapea whoami) before "
                         "you approve.";
  Say(arguments, list, text);
  return absl::OkStatus();
}

absl::Status RunApproveOffer(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  const auto directory = registrars.proposer().vault().directory();
  size_t approved = 0;
  for (const OpenOffer& open : directory->OpenOffers(clock.Now())) {
    if (arguments.offer != "all" && arguments.offer != open.change.hex()) continue;
    KAPEA_TRY(registrars.ApproveOffer({open.change, open.hash}));
    ++approved;
    Json json = ToJson(*directory, open);
    json.erase("approvals");
    Say(arguments, json,
        OwnerOf(*directory, open.offer) + " goes on with key " +
            std::to_string(open.offer.generation));
  }
  if (approved > 0) return absl::OkStatus();
  if (arguments.offer != "all") {
    return absl::NotFoundError("no such offer waits; `kapea-admin offers` lists those that do");
  }
  Say(arguments, Json{{"approved", 0}}, "no key is offered");
  return absl::OkStatus();
}

}  // namespace kapea::admin
