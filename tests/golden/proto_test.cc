// The numbers, names and types of every message that crosses the network. A difference
// here is a difference that a stranger's program would meet: bytes that are signed can
// never be migrated. With KAPEA_WRITE_GOLDEN=1 the file is written instead.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "kapea/v1/change.pb.h"
#include "kapea/v1/duplicates.pb.h"
#include "kapea/v1/enrol.pb.h"
#include "kapea/v1/error.pb.h"
#include "kapea/v1/ledger.pb.h"
#include "kapea/v1/measure.pb.h"
#include "kapea/v1/membership.pb.h"
#include "kapea/v1/pack.pb.h"
#include "kapea/v1/publication.pb.h"
#include "kapea/v1/recovery.pb.h"
#include "kapea/v1/sync.pb.h"
#include "kapea/v1/value.pb.h"
#include "kapea/v1/view.pb.h"

namespace kapea {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

void List(const EnumDescriptor& type, std::ostream& out) {
  for (int i = 0; i < type.value_count(); ++i) {
    out << type.full_name() << " " << type.value(i)->number() << " " << type.value(i)->name()
        << "\n";
  }
}

void List(const Descriptor& type, std::ostream& out) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    out << type.full_name() << " " << field.number() << " " << field.name() << " "
        << (field.is_repeated() ? "repeated " : "") << field.type_name();
    if (field.message_type() != nullptr) out << " " << field.message_type()->full_name();
    if (field.enum_type() != nullptr) out << " " << field.enum_type()->full_name();
    if (field.real_containing_oneof() != nullptr) {
      out << " oneof " << field.real_containing_oneof()->name();
    }
    out << (field.has_optional_keyword() ? " optional" : "") << "\n";
  }
  for (int i = 0; i < type.nested_type_count(); ++i) List(*type.nested_type(i), out);
  for (int i = 0; i < type.enum_type_count(); ++i) List(*type.enum_type(i), out);
}

std::vector<const FileDescriptor*> Files() {
  return {v1::Change::descriptor()->file(),          v1::EnrolRequest::descriptor()->file(),
          v1::ErrorDetail::descriptor()->file(),     v1::Entry::descriptor()->file(),
          v1::Member::descriptor()->file(),          v1::Pack::descriptor()->file(),
          v1::PushRequest::descriptor()->file(),     v1::Value::descriptor()->file(),
          v1::RecoveryRequest::descriptor()->file(), v1::QueryRequest::descriptor()->file(),
          v1::MatchScope::descriptor()->file(),      v1::MeasureAsk::descriptor()->file(),
          v1::Publication::descriptor()->file()};
}

std::string Listing() {
  std::ostringstream out;
  for (const FileDescriptor* file : Files()) {
    for (int i = 0; i < file->enum_type_count(); ++i) List(*file->enum_type(i), out);
    for (int i = 0; i < file->message_type_count(); ++i) List(*file->message_type(i), out);
  }
  return out.str();
}

TEST(GoldenProtoTest, KeepsEveryNumberNameAndType) {
  const std::string path = KAPEA_SOURCE "/tests/golden/v1.txt";
  if (std::getenv("KAPEA_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << Listing();
    GTEST_SKIP() << "wrote " << path;
  }
  std::ifstream in(path);
  const std::string golden{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(golden.empty());
  EXPECT_EQ(Listing(), golden);
}

TEST(GoldenProtoTest, StartsEveryEnumWithAnUnspecifiedZero) {
  int enums = 0;
  for (const FileDescriptor* file : Files()) {
    for (int i = 0; i < file->enum_type_count(); ++i) {
      const EnumDescriptor& type = *file->enum_type(i);
      ++enums;
      EXPECT_EQ(type.value(0)->number(), 0) << type.full_name();
      // Per counts from "the file itself", which is its zero.
      EXPECT_TRUE(type.value(0)->name().ends_with("_UNSPECIFIED")) << type.full_name();
    }
  }
  EXPECT_GT(enums, 10);
}

// Every field of every message says what it is: a comment above it or behind it, or one
// for its message that speaks of all of them.
TEST(GoldenProtoTest, DocumentsItsFields) {
  int fields = 0;
  int bare = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KAPEA_SOURCE "/proto/kapea/v1")) {
    std::ifstream in(entry.path());
    std::string before;
    for (std::string line; std::getline(in, line); before = line) {
      const bool is_field = line.find(" = ") != std::string::npos &&
                            line.find(';') != std::string::npos &&
                            line.find_first_not_of(' ') == 2 && line.find("//") != 2;
      if (!is_field || line.find("KIND_") != std::string::npos) continue;
      ++fields;
      const bool said =
          line.find("//") != std::string::npos || before.find("//") != std::string::npos;
      bare += said ? 0 : 1;
    }
  }
  EXPECT_GT(fields, 300);
  // What is left speaks for itself (ids, hashes, labels); a new field without a word
  // shows here.
  EXPECT_LE(bare * 100 / fields, 45) << bare << " of " << fields;
}

}  // namespace
}  // namespace kapea
