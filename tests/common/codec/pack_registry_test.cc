// Packs as the Ledger brings them: in parts, in any order, from an Entry on.
#include "common/codec/pack_registry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/codec/pack_compiler.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

// Long enough for several parts: labels that no compressor makes short.
std::string PackText(uint32_t version, bool large) {
  std::string text = "id: 'tiny' version: " + std::to_string(version) +
                     " owner: 'Nobody' title { en: 'Tiny' }\n"
                     "code_lists { id: 'CL_A' label { en: 'A' } provenance { status: "
                     "SOURCE_STATUS_PROPOSED }\n";
  uint64_t noise = 1;
  for (int i = 0; i < (large ? 2000 : 2); ++i) {
    std::string label;
    for (int j = 0; j < 100; ++j) {
      noise = noise * 6364136223846793005u + 1442695040888963407u;
      label += static_cast<char>('!' + (noise >> 33) % 90);
      if (label.back() == '\'' || label.back() == '\\') label.back() = 'x';
    }
    text += "codes { code: 'C" + std::to_string(i) + "' label { en: '" + label + "' } }\n";
  }
  return text + "}\n";
}

std::string SignedPack(uint32_t version, bool large, const crypto::SigningKey& owner) {
  const PackSource source = ParsePackFiles({{"tiny", PackText(version, large)}});
  EXPECT_TRUE(source.mistakes.empty()) << ToText(source.mistakes.at(0));
  return SignPack(source.bytes, owner);
}

struct Bench {
  Bench() { registry.SetOwners(owners); }
  std::vector<domain::PackPart> Split(uint32_t version, bool large = true) const {
    auto parts = SplitPack(SignedPack(version, large, SampleKey()), owners);
    EXPECT_TRUE(parts.ok()) << parts.status();
    return *std::move(parts);
  }
  std::string Append(const domain::PackPart& part, uint64_t sequence) {
    return registry.Append(*ChangeWith({part}).change, sequence);
  }
  std::vector<std::string> owners = {SampleKey().verify_key().bytes()};
  PackRegistry registry;
};

TEST(PackRegistryTest, APackIsThereFromItsLastPartOn) {
  Bench bench;
  const auto parts = bench.Split(1);
  ASSERT_GT(parts.size(), 2u);
  for (const domain::PackPart& part : parts) {
    EXPECT_LE(ChangeWith({part}).bytes.size(), kChangeBytesMax);
  }
  const Hash hash = parts[0].pack;
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(bench.registry.FindPack(hash, UINT64_MAX), nullptr);
    EXPECT_EQ(bench.Append(parts[i], 10 + i), "");
  }
  const uint64_t since = 10 + parts.size() - 1;
  EXPECT_EQ(bench.registry.FindPack(hash, 0), nullptr);
  EXPECT_EQ(bench.registry.FindPack(hash, since), nullptr);
  const domain::Pack* pack = bench.registry.FindPack(hash, since + 1);
  ASSERT_NE(pack, nullptr);
  EXPECT_EQ(pack->hash, hash);
  EXPECT_EQ(pack->id, "tiny");
  EXPECT_EQ(pack->code_lists.at(0)->codes.size(), 2000u);
  EXPECT_EQ(bench.registry.FindPack(Fill<Hash>('x'), UINT64_MAX), nullptr);
  EXPECT_EQ(bench.registry.Newest("tiny"), pack);
  EXPECT_EQ(bench.registry.Newest("other"), nullptr);
  // Published again it keeps the place it has.
  for (const domain::PackPart& part : parts) EXPECT_EQ(bench.Append(part, 90), "");
  EXPECT_EQ(bench.registry.FindPack(hash, since + 1), pack);
  EXPECT_EQ(bench.registry.All().size(), 1u);
  // A copy shares it.
  const PackRegistry copy = bench.registry;
  EXPECT_EQ(copy.FindPack(hash, since + 1), pack);
}

TEST(PackRegistryTest, PartsMayComeInAnyOrderAndTwice) {
  Bench bench;
  auto parts = bench.Split(1);
  std::reverse(parts.begin(), parts.end());
  EXPECT_EQ(bench.Append(parts[0], 1), "");
  for (const domain::PackPart& part : parts) EXPECT_EQ(bench.Append(part, 2), "");
  EXPECT_NE(bench.registry.FindPack(parts[0].pack, 3), nullptr);
  // All in one Change, beside a write that is no part.
  Bench small;
  const auto one = small.Split(1, false);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(small.registry.Append(*ChangeWith({domain::Waiver{"C1", "", false}, one[0]}).change, 1),
            "");
  EXPECT_NE(small.registry.FindPack(one[0].pack, 2), nullptr);
}

TEST(PackRegistryTest, WithoutOnePartThereIsNoPack) {
  const auto parts = Bench().Split(1);
  for (size_t missing = 0; missing < parts.size(); ++missing) {
    Bench bench;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i != missing) {
        EXPECT_EQ(bench.Append(parts[i], 1), "");
      }
    }
    EXPECT_EQ(bench.registry.FindPack(parts[0].pack, UINT64_MAX), nullptr);
    EXPECT_TRUE(bench.registry.All().empty());
    EXPECT_EQ(bench.Append(parts[missing], 2), "");
    EXPECT_NE(bench.registry.FindPack(parts[0].pack, 3), nullptr);
  }
}

TEST(PackRegistryTest, AnAlteredPartMakesNoPackAndDoesNotStandInTheWay) {
  const auto parts = Bench().Split(1);
  for (size_t altered = 0; altered < parts.size(); ++altered) {
    Bench bench;
    for (size_t i = 0; i < parts.size(); ++i) {
      domain::PackPart part = parts[i];
      if (i == altered) part.content[part.content.size() / 2] ^= 1;
      EXPECT_EQ(bench.Append(part, 1).empty(), i + 1 < parts.size()) << altered;
    }
    EXPECT_EQ(bench.registry.FindPack(parts[0].pack, UINT64_MAX), nullptr);
    for (const domain::PackPart& part : parts) EXPECT_EQ(bench.Append(part, 2), "");
    EXPECT_NE(bench.registry.FindPack(parts[0].pack, 3), nullptr);
  }
}

TEST(PackRegistryTest, PartsMustAgreeAndBelongToTheHashTheyName) {
  Bench bench;
  auto parts = bench.Split(1);
  EXPECT_EQ(bench.Append(parts[0], 1), "");
  domain::PackPart other = parts[1];
  other.parts += 1;
  EXPECT_NE(bench.Append(other, 1), "");
  // The parts of one pack under another's hash.
  Bench misnamed;
  for (domain::PackPart& part : parts) part.pack = Fill<Hash>('x');
  std::string trouble;
  for (const domain::PackPart& part : parts) trouble = misnamed.Append(part, 1);
  EXPECT_NE(trouble, "");
  EXPECT_TRUE(misnamed.registry.All().empty());
  // No zstd at all.
  EXPECT_NE(misnamed.Append({Fill<Hash>('y'), "tiny", 1, 0, 1, "noise"}, 1), "");
  EXPECT_NE(misnamed.Append({Fill<Hash>('y'), "tiny", 1, 0, 1, ""}, 1), "");
}

TEST(PackRegistryTest, OnlyAnOwnerOfTheGenesisPublishes) {
  const auto stranger = crypto::SigningKey::Generate();
  const std::string foreign = SignedPack(1, false, stranger);
  Bench bench;
  EXPECT_FALSE(bench.registry.IsOwner(stranger.verify_key().bytes()));
  EXPECT_TRUE(bench.registry.IsOwner(bench.owners[0]));
  EXPECT_EQ(SplitPack(foreign, bench.owners).status().code(), absl::StatusCode::kPermissionDenied);
  const auto parts = SplitPack(foreign, {stranger.verify_key().bytes()});
  ASSERT_TRUE(parts.ok());
  EXPECT_NE(bench.Append(parts->at(0), 1), "");
  EXPECT_EQ(bench.registry.FindPack(parts->at(0).pack, UINT64_MAX), nullptr);
  // The owner's pack with a stranger's signature.
  std::string spoilt = SignedPack(1, false, SampleKey());
  spoilt.back() = static_cast<char>(spoilt.back() ^ 1);
  EXPECT_EQ(SplitPack(spoilt, bench.owners).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(SplitPack("noise", bench.owners).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PackRegistryTest, VersionsStandSideBySide) {
  Bench bench;
  const auto second = bench.Split(2, false), first = bench.Split(1, false);
  EXPECT_EQ(bench.Append(first.at(0), 1), "");
  EXPECT_EQ(bench.Append(second.at(0), 5), "");
  ASSERT_NE(first[0].pack, second[0].pack);
  EXPECT_EQ(bench.registry.FindPack(first[0].pack, 2)->version, 1u);
  EXPECT_EQ(bench.registry.FindPack(second[0].pack, 5), nullptr);
  EXPECT_EQ(bench.registry.FindPack(second[0].pack, 6)->version, 2u);
  EXPECT_EQ(bench.registry.Newest("tiny")->version, 2u);
  EXPECT_EQ(bench.registry.All().size(), 2u);
}

TEST(PackRegistryTest, AVersionThatTakesSomethingBackHasNoEffect) {
  Bench bench;
  // The large one has codes that the small one lacks.
  for (const domain::PackPart& part : bench.Split(1, true)) EXPECT_EQ(bench.Append(part, 1), "");
  const auto poorer = bench.Split(2, false);
  EXPECT_NE(bench.Append(poorer.at(0), 2).find("want code"), std::string::npos);
  EXPECT_EQ(bench.registry.FindPack(poorer[0].pack, 9), nullptr);
  EXPECT_EQ(bench.registry.Newest("tiny")->version, 1u);
  // Nor has one with a lower version than what stands.
  Bench other;
  EXPECT_EQ(other.Append(other.Split(2, false).at(0), 1), "");
  EXPECT_NE(other.Append(other.Split(1, false).at(0), 2).find("want a version over 2"),
            std::string::npos);
}

}  // namespace
}  // namespace kapea::codec
