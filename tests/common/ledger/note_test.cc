// Signed notes and verifier keys.
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/strict_text.h"
#include "tests/common/ledger/golden_key.h"

namespace kapea::ledger {
namespace {

using absl::StatusCode;

constexpr char kName[] = "example.com/log";
constexpr char kText[] = "some text\n";

NoteVerifier Verifier() { return {kName, GoldenKey().public_key()}; }
std::string Note() { return SignNote(kText, kName, GoldenKey()); }
StatusCode CodeOf(const std::string& note) { return OpenNote(note, Verifier()).status().code(); }

// A signature line of whatever it is given.
std::string Line(const std::string& name, uint32_t key_id, const std::string& signature) {
  std::string bytes;
  AppendU32(bytes, key_id);
  return absl::StrFormat("\u2014 %s %s\n", name, ToBase64(bytes + signature));
}

uint32_t KnownId() { return NoteKeyId(kName, GoldenKey().public_key()); }

TEST(NoteTest, OpensForItsSigner) {
  const std::string note = Note();
  EXPECT_TRUE(note.starts_with("some text\n\n\u2014 example.com/log "));
  EXPECT_EQ(OpenNote(note, Verifier()).value(), kText);
}

TEST(NoteTest, MayHoldEmptyLinesAndOtherScripts) {
  for (const std::string& text :
       {std::string("\n"), std::string("a\n\nb\n\n"), std::string("\u2014 a b\n\n\u2014 c d\n"),
        std::string("\u179f\u17bd\u179f\u17d2\u178f\u17b8 \U0001f33e\n")}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(OpenNote(SignNote(text, kName, GoldenKey()), Verifier()).value(), text);
  }
}

TEST(NoteTest, IsUnauthenticatedForAnotherKeyOrName) {
  const std::string other_key = GoldenKey(7).public_key();
  EXPECT_EQ(OpenNote(Note(), {kName, other_key}).status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(OpenNote(Note(), {"example.com/log2", GoldenKey().public_key()}).status().code(),
            StatusCode::kUnauthenticated);
}

TEST(NoteTest, PassesOverLinesOfUnknownKeys) {
  const std::string stranger = Line("witness.example/w1", 0x01020304, std::string(72, 's'));
  const std::string same_name = Line(kName, KnownId() ^ 1u, std::string(64, 's'));
  const std::string same_id = Line("example.com/other", KnownId(), std::string(64, 's'));
  const std::string head = std::string(kText) + "\n";
  const std::string known = Note().substr(head.size());
  EXPECT_EQ(OpenNote(head + stranger + same_name + known + same_id, Verifier()).value(), kText);
  EXPECT_EQ(CodeOf(head + stranger + same_name + same_id), StatusCode::kUnauthenticated);
}

// An id of four bytes can be forged for another key; the signature cannot.
TEST(NoteTest, IsUnauthenticatedWhenAnotherKeyBearsTheIdOfTheKnownOne) {
  const std::string head = std::string(kText) + "\n";
  const std::string forged = Line(kName, KnownId(), GoldenKey(7).Sign(kText));
  EXPECT_EQ(CodeOf(head + forged), StatusCode::kUnauthenticated);
  // Not even beside the true one: one of the two lines is a lie about the known key.
  const std::string known = Note().substr(head.size());
  EXPECT_EQ(CodeOf(head + known + forged), StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(head + forged + known), StatusCode::kUnauthenticated);
}

TEST(NoteTest, OpensWithATrueLineRepeated) {
  const std::string head = std::string(kText) + "\n";
  const std::string known = Note().substr(head.size());
  EXPECT_EQ(OpenNote(head + known + known, Verifier()).value(), kText);
}

TEST(NoteTest, IsUnauthenticatedWithASignatureOfAnotherLength) {
  const std::string head = std::string(kText) + "\n", signature = GoldenKey().Sign(kText);
  ASSERT_EQ(OpenNote(head + Line(kName, KnownId(), signature), Verifier()).value(), kText);
  EXPECT_EQ(CodeOf(head + Line(kName, KnownId(), signature.substr(0, 63))),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(head + Line(kName, KnownId(), signature + "x")), StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(head + Line(kName, KnownId(), "x")), StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(head + Line(kName, KnownId(), "")), StatusCode::kInvalidArgument);
}

TEST(NoteTest, IsInvalidWhenItIsNone) {
  const std::string note = Note();
  const std::string head = std::string(kText) + "\n", line = note.substr(head.size());
  const size_t base64 = line.rfind(' ') + 1;
  const std::vector<std::string> wrong = {
      "",
      "\n",
      "\n\n",
      kText,
      head,
      note.substr(0, note.size() - 1),                            // no newline at the end
      note + "\n",                                                // an empty line after it
      kText + line,                                               // no empty line before it
      head + "\u2013" + line.substr(3),                           // an en dash
      head + "-" + line.substr(3),                                // a hyphen
      head + " " + line,                                          // indented
      head + line.substr(0, base64 - 1) + line.substr(base64),    // no space
      head + line.substr(0, base64) + " " + line.substr(base64),  // two spaces
      head + line.substr(0, line.size() - 1) + " \n",             // trailing space
      head + line.substr(0, line.size() - 2) + "\n",              // padding left out
      head + line + "free text\n",                                // a line that is no signature
      head + "\u2014  AAAAAAA=\n" + line,                         // a name that is empty
      head + "\u2014 a+b AAAAAAA=\n" + line,                      // a name with '+'
      head + "\u2014 a\u3000b AAAAAAA=\n" + line,                 // a name with a Unicode space
      head + "\u2014 a AAAAAAB=\n" + line,                        // left-over bits
      head + "\u2014 a AAAA\n" + line,                            // too short for a key id
      "tab\there\n\n" + line,                                     // control characters
      "cr\r\n\n" + line,
      std::string("nul\0\n\n", 6) + line,
      "\xff\n\n" + line,      // no UTF-8
      "\xc0\xaf\n\n" + line,  // overlong
      "\xe0\x80\xaf\n\n" + line,
      "\xf0\x80\x80\xaf\n\n" + line,
      "\xed\xa0\x80\n\n" + line,      // a surrogate
      "\xf4\x90\x80\x80\n\n" + line,  // beyond U+10FFFF
      "\xe2\x80\n\n" + line,          // cut short
      note + "\xe2\x80",
  };
  for (const std::string& text : wrong) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(text), StatusCode::kInvalidArgument);
  }
}

TEST(NoteTest, IsRefusedBeyondItsLimits) {
  const std::string head = std::string(kText) + "\n", line = Note().substr(head.size());
  const std::string stranger = Line("w.example", 1, "s");
  std::string many = head + line;
  for (size_t i = 1; i < kMaxNoteSignatures; ++i) many += stranger;
  EXPECT_TRUE(OpenNote(many, Verifier()).ok());
  EXPECT_EQ(CodeOf(many + stranger), StatusCode::kInvalidArgument);

  const size_t overhead = Note().size() - std::string(kText).size();
  const std::string longest = std::string(kMaxNoteBytes - overhead - 1, 'x') + "\n";
  const std::string note = SignNote(longest, kName, GoldenKey());
  ASSERT_EQ(note.size(), kMaxNoteBytes);
  EXPECT_TRUE(OpenNote(note, Verifier()).ok());
  EXPECT_EQ(CodeOf(SignNote("x" + longest, kName, GoldenKey())), StatusCode::kInvalidArgument);
}

TEST(NoteTest, IsInvalidForAVerifierWithoutAKey) {
  const NoteVerifier no_key{kName, "short"};
  const std::string note =
      std::string(kText) + "\n" + Line(kName, NoteKeyId(kName, "short"), std::string(64, 's'));
  EXPECT_EQ(OpenNote(note, no_key).status().code(), StatusCode::kInvalidArgument);
}

TEST(NoteDeathTest, SignsNoTextThatIsNoNote) {
  EXPECT_DEATH(SignNote("no newline", kName, GoldenKey()), "check failed");
  EXPECT_DEATH(SignNote("tab\t\n", kName, GoldenKey()), "check failed");
  EXPECT_DEATH(SignNote(kText, "a name", GoldenKey()), "check failed");
}

TEST(VerifierKeyTest, IsReadBackAsWritten) {
  EXPECT_EQ(ToVerifierKey(kGoldenOrigin, GoldenKey().public_key()), kGoldenVerifierKey);
  // Several keys, so that '+' comes up in the base64 as well.
  bool plus_in_key = false;
  for (char first = 0; first < 32; ++first) {
    const std::string key = GoldenKey(first).public_key();
    const std::string text = ToVerifierKey(kName, key);
    SCOPED_TRACE(text);
    plus_in_key = plus_in_key || ToBase64("\x01" + key).find('+') != std::string::npos;
    const NoteVerifier verifier = ParseVerifierKey(text).value();
    EXPECT_EQ(verifier.name, kName);
    EXPECT_EQ(verifier.public_key, key);
  }
  EXPECT_TRUE(plus_in_key);
}

// The key of the Go checksum database, as every Go installation carries it: another
// program's idea of the same format.
TEST(VerifierKeyTest, TakesTheKeyOfAPublicLog) {
  const auto verifier =
      ParseVerifierKey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  EXPECT_EQ(verifier->name, "sum.golang.org");
  EXPECT_EQ(NoteKeyId(verifier->name, verifier->public_key), 0x033de0aeu);
}

TEST(VerifierKeyTest, IsRefusedInAnyOtherSpelling) {
  const std::string key = GoldenKey().public_key();
  const std::string id = absl::StrFormat("%08x", KnownId()), base64 = ToBase64("\x01" + key);
  const std::string name = kName;
  ASSERT_TRUE(ParseVerifierKey(name + "+" + id + "+" + base64).ok());
  const std::vector<std::string> wrong = {
      "",
      "+",
      "++",
      name,
      name + "+" + id,
      name + "+" + id + "+",
      name + "++" + base64,
      "+" + id + "+" + base64,
      "other" + name + "+" + id + "+" + base64,
      "a name+" + id + "+" + base64,
      name + "+00000000+" + base64,
      name + "+0" + id + "+" + base64,
      name + "+" + id.substr(1) + "+" + base64,
      name + "+" + id + "+" + base64 + "\n",
      name + "+" + id + "+" + base64 + "=",
      name + "+" + id + "+" + ToBase64(key),           // no type
      name + "+" + id + "+" + ToBase64("\x04" + key),  // a witness's
      name + "+" + id + "+" + ToBase64("\x01" + key + "x"),
      name + "+" + id + "+" + ToBase64("\x01" + key.substr(1)),
  };
  for (const std::string& text : wrong) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseVerifierKey(text).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace kapea::ledger
