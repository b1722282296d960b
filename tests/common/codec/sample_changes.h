// Headers, bodies and Changes with every field said, for the tests of codec.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/codec/change_codec.h"
#include "common/crypto/signature.h"
#include "common/domain/change.h"
#include "kapea/v1/change.pb.h"

namespace kapea::codec {

// An id or hash that is one character again and again.
template <typename Id>
Id Fill(char c) {
  return *Id::FromBytes(std::string(Id::kBytes, c));
}

// A body, and its message in protobuf's text form. There $x stands for sixteen
// times x, and $$x for thirty-two times, %x for forty-eight, @x for sixty-five.
struct SampleBody {
  domain::WriteBody body;
  std::string text;
};
// One of each body and of each form that a body has.
std::vector<SampleBody> SampleBodies();
std::vector<std::pair<domain::Value, std::string>> SampleValues();
std::string Expanded(const std::string& text);

domain::Header SampleHeader(uint64_t sequence = 8, domain::Kind kind = domain::Kind::kEdit);
// Of device Fill('v'), with one small write.
EncodedChange SampleChange(uint64_t sequence);
EncodedChange ChangeWith(const std::vector<domain::WriteBody>& bodies);
crypto::SigningKey SampleKey();
ClockReading SampleClock();

// A Change as its message, and the contents of its leaves.
v1::Change MessageOf(const EncodedChange& change);
std::string HeaderContent(const EncodedChange& change);
std::string WriteContent(const EncodedChange& change, int index);

// A Change around these contents, under fixed salts.
std::string WrapContents(std::string_view header, const std::vector<std::string>& writes);
// The same with a sample header for so many writes.
std::string WrapWrites(const std::vector<std::string>& writes);
std::string WrapBody(const domain::WriteBody& body);  // the body may break every limit

}  // namespace kapea::codec
