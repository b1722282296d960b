#include "client/vault/own_changes.h"

#include <utility>

#include "client/vault/rows.h"

namespace kapea::vault {
namespace {

using domain::Kind;

bool IsUrgent(Kind kind) {
  return kind == Kind::kCustodyOffer || kind == Kind::kCustodyAnswer || kind == Kind::kBreakGlass;
}

}  // namespace

std::string OwnChange::Row() const {
  return RowWriter().U8(receipted ? 1 : 0).Bytes(encoded.bytes).Take();
}

void OwnChanges::CountWaiting(uint64_t sequence, const OwnChange& own, int by) {
  const domain::Header& header = own.encoded.change->header;
  if (by > 0) {
    waiting_.insert(sequence);
    ++waiting_of_file_[header.file];
    urgent_ += IsUrgent(header.kind) ? 1 : 0;
    return;
  }
  waiting_.erase(sequence);
  const auto file = waiting_of_file_.find(header.file);
  if (--file->second == 0) waiting_of_file_.erase(file);
  urgent_ -= IsUrgent(header.kind) ? 1 : 0;
}

void OwnChanges::Put(uint64_t sequence, OwnChange own) {
  Erase(sequence);
  if (!own.receipted) CountWaiting(sequence, own, 1);
  of_file_[own.encoded.change->header.file].insert(sequence);
  all_.emplace(sequence, std::move(own));
}

void OwnChanges::Erase(uint64_t sequence) {
  const auto found = all_.find(sequence);
  if (found == all_.end()) return;
  if (!found->second.receipted) CountWaiting(sequence, found->second, -1);
  const auto file = of_file_.find(found->second.encoded.change->header.file);
  file->second.erase(sequence);
  if (file->second.empty()) of_file_.erase(file);
  all_.erase(found);
}

const OwnChange* OwnChanges::Find(uint64_t sequence) const {
  const auto found = all_.find(sequence);
  return found == all_.end() ? nullptr : &found->second;
}

const std::set<uint64_t>& OwnChanges::Of(const FileId& file) const {
  static const std::set<uint64_t> kNone;
  const auto found = of_file_.find(file);
  return found == of_file_.end() ? kNone : found->second;
}

uint64_t OwnChanges::waiting(const FileId& file) const {
  const auto found = waiting_of_file_.find(file);
  return found == waiting_of_file_.end() ? 0 : found->second;
}

uint64_t OwnChanges::FirstWaitingAfter(uint64_t sequence) const {
  const auto found = waiting_.upper_bound(sequence);
  return found == waiting_.end() ? 0 : *found;
}

}  // namespace kapea::vault
