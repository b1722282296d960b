#include "common/crypto/plaintext.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <string>

#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

namespace kapea::crypto::internal {
namespace {

std::string Framed(char flag, const std::string& body, size_t bucket) {
  std::string padded = flag + body + '\x80';
  EXPECT_LE(padded.size(), bucket);
  padded.resize(bucket, '\0');
  return padded;
}

// In the smallest bucket, as the writer would.
std::string FramedZstd(const std::string& frame) {
  size_t bucket = kSmallestBucketBytes;
  while (bucket < frame.size() + 2) bucket *= 2;
  return Framed('\1', frame, bucket);
}

std::string Zstd(const std::string& text, bool state_size = true) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  EXPECT_EQ(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, state_size)), 0u);
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  const size_t size = ZSTD_compress2(context, frame.data(), frame.size(), text.data(), text.size());
  EXPECT_EQ(ZSTD_isError(size), 0u);
  ZSTD_freeCCtx(context);
  frame.resize(size);
  return frame;
}

void ExpectRefused(const std::string& padded, const std::string& words) {
  const auto value = UnpadPlaintext(padded);
  ASSERT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(value.status().ToString().find(words), std::string::npos) << value.status();
}

void ExpectRoundTrip(const std::string& value, char flag, size_t bucket) {
  const auto padded = PadPlaintext(value);
  ASSERT_TRUE(padded.ok()) << padded.status();
  EXPECT_EQ(padded->size(), bucket) << value.size();
  EXPECT_EQ(padded->view()[0], flag) << value.size();
  const auto back = UnpadPlaintext(padded->view());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->view(), value);
}

TEST(PadPlaintext, EveryShortSizeTakesTheSmallestBucket) {
  for (size_t size = 0; size <= kCompressOverBytes; ++size) {
    const size_t bucket = size <= 62 ? 64 : size <= 126 ? 128 : size <= 254 ? 256 : 512;
    ExpectRoundTrip(std::string(size, 'a'), 0, bucket);
  }
}

TEST(PadPlaintext, ValuesThatLookLikePaddingComeBack) {
  ExpectRoundTrip(std::string("\x80", 1), 0, 64);
  ExpectRoundTrip(std::string("\x80\0\0", 3), 0, 64);
  ExpectRoundTrip(std::string(62, '\0'), 0, 64);
  ExpectRoundTrip(std::string("\0\x80", 2), 0, 64);
}

TEST(PadPlaintext, LongTextIsCompressed) {
  ExpectRoundTrip(std::string(257, 'a'), 1, 64);
  ExpectRoundTrip(std::string(kPlainBytesMax, 'a'), 1, 64);
  std::string text;
  for (int i = 0; text.size() < 20'000; ++i) text += "line " + std::to_string(i * i) + "; ";
  ExpectRoundTrip(text, 1, 8192);
}

TEST(PadPlaintext, BytesThatDoNotCompressStayPlain) {
  ExpectRoundTrip(RandomBytes(257), 0, 512);
  ExpectRoundTrip(RandomBytes(510), 0, 512);
  ExpectRoundTrip(RandomBytes(511), 0, 1024);
  ExpectRoundTrip(RandomBytes(kLargestBucketBytes - 2), 0, kLargestBucketBytes);
}

TEST(PadPlaintext, RefusesWhatDoesNotFit) {
  EXPECT_EQ(PadPlaintext(RandomBytes(kLargestBucketBytes - 1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PadPlaintext(RandomBytes(kPlainBytesMax)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PadPlaintext(std::string(kPlainBytesMax + 1, 'a')).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(UnpadPlaintext, RefusesSizesThatAreNoBucket) {
  for (const size_t size : {0u, 1u, 32u, 63u, 65u, 96u, 127u, 192u, 32'767u, 65'536u}) {
    ExpectRefused(std::string(size, '\0'), "padded plaintext");
  }
}

TEST(UnpadPlaintext, RefusesUnknownFlags) {
  for (int flag = 2; flag < 256; ++flag) {
    ExpectRefused(Framed(static_cast<char>(flag), "value", 64), "flag");
  }
}

TEST(UnpadPlaintext, RefusesPaddingOfAnyOtherForm) {
  ExpectRefused(std::string(64, '\0'), "0x80");           // no mark at all
  ExpectRefused('\x80' + std::string(63, '\0'), "0x80");  // the mark in the flag's place
  ExpectRefused(std::string(1, '\0') + std::string(63, 'a'), "0x80");  // runs to the end
  // Every other last byte, and every place of a stray bit behind the mark.
  for (int mark = 1; mark < 256; ++mark) {
    if (mark == 0x80) continue;
    std::string padded = Framed(0, "value", 64);
    padded[6] = static_cast<char>(mark);
    ExpectRefused(padded, "0x80");
  }
  for (size_t at = 7; at < 64; ++at) {
    std::string padded = Framed(0, "value", 64);
    padded[at] = 1;
    ExpectRefused(padded, "0x80");
  }
}

TEST(UnpadPlaintext, RefusesALargerBucketThanNeeded) {
  ExpectRefused(Framed(0, "value", 128), "smallest");
  ExpectRefused(Framed(0, std::string(62, 'a'), 128), "smallest");
  ExpectRefused(Framed(0, std::string(100, 'a'), 32'768), "smallest");
  ExpectRefused(Framed(1, Zstd(std::string(300, 'a')), 128), "smallest");
  EXPECT_TRUE(UnpadPlaintext(Framed(0, std::string(63, 'a'), 128)).ok());
}

TEST(UnpadPlaintext, RefusesBombs) {
  const std::string bomb = Zstd(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), kLargestBucketBytes);
  ExpectRefused(FramedZstd(bomb), "at most");
  ExpectRefused(FramedZstd(Zstd(std::string(kPlainBytesMax + 1, 'a'))), "at most");
  EXPECT_TRUE(UnpadPlaintext(FramedZstd(Zstd(std::string(kPlainBytesMax, 'a')))).ok());
}

// The stated size is what memory is taken for; here it says a terabyte.
TEST(UnpadPlaintext, RefusesASizeThatIsOnlyStated) {
  // Magic, a descriptor with an 8-byte size and a single segment, size, one empty last block.
  const std::string head("\x28\xb5\x2f\xfd\xe0", 5);
  const std::string last_block("\x01\0\0", 3);
  ExpectRefused(FramedZstd(head + std::string("\0\0\0\0\0\1\0\0", 8) + last_block), "at most");
  ExpectRefused(FramedZstd(head + std::string("\1\0\1\0\0\0\0\0", 8) + last_block), "at most");
  ExpectRefused(FramedZstd(head + std::string("\0\1\0\0\0\0\0\0", 8) + last_block), "stated size");
}

TEST(UnpadPlaintext, RefusesFramesThatLieOrAreNotOne) {
  const std::string frame = Zstd(std::string(300, 'a'));
  // One-segment frame, two-byte size field with 256 taken off: 300 - 256 = 44.
  ASSERT_EQ(frame.substr(5, 2), std::string("\x2c\0", 2));
  std::string smaller = frame;
  smaller[5] = '\x2b';
  ExpectRefused(FramedZstd(smaller), "stated size");
  std::string larger = frame;
  larger[5] = '\x2d';
  ExpectRefused(FramedZstd(larger), "stated size");
  ExpectRefused(FramedZstd(Zstd(std::string(300, 'a'), /*state_size=*/false)), "states");
  ExpectRefused(FramedZstd(frame + frame), "one zstd frame");
  ExpectRefused(FramedZstd(frame + "x"), "one zstd frame");
  ExpectRefused(FramedZstd(frame.substr(0, frame.size() - 1)), "one zstd frame");
  ExpectRefused(FramedZstd(""), "states");
  ExpectRefused(FramedZstd("not a frame of zstd at all"), "states");
  // A skippable frame states no content and hides bytes.
  const std::string skippable("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
  EXPECT_FALSE(UnpadPlaintext(FramedZstd(skippable + frame)).ok());
}

}  // namespace
}  // namespace kapea::crypto::internal
