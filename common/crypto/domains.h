// Every domain-separation string of the project, in one place, unique and
// versioned: two formats can never be taken for one another.
#pragma once

#include <string_view>

namespace kapea::crypto {

inline constexpr std::string_view kChangeIdDomain = "kapea/change-id/v1";
inline constexpr std::string_view kFileIdDomain = "kapea/file/v1";
inline constexpr std::string_view kParcelDomain = "kapea/parcel/v1";
inline constexpr std::string_view kClassKeyDomain = "kapea/classkey/v1";
inline constexpr std::string_view kFieldDomain = "kapea/field/v1";
inline constexpr std::string_view kSealDomain = "kapea/seal/v1";
inline constexpr std::string_view kWrapDomain = "kapea/wrap/v1";
inline constexpr std::string_view kValueDomain = "kapea/val/v1";
inline constexpr std::string_view kDataKeyDomain = "kapea/datakey/v1";
inline constexpr std::string_view kIndexDomain = "kapea/bidx/v1";
inline constexpr std::string_view kEnrolDomain = "kapea/enrol/v1";
inline constexpr std::string_view kRenewDomain = "kapea/renew/v1";
inline constexpr std::string_view kPackDomain = "kapea/pack/v1";
inline constexpr std::string_view kVaultDomain = "kapea/vault/v1";
inline constexpr std::string_view kChunkDomain = "kapea/chunk/v1";
inline constexpr std::string_view kFingerprintDomain = "kapea/fingerprint/v1";
inline constexpr std::string_view kNoteDomain = "kapea/note/v1";
inline constexpr std::string_view kDisclosureDomain = "kapea/disclosure/v1";
inline constexpr std::string_view kMatchDomain = "kapea/match/v1";
inline constexpr std::string_view kKekDomain = "kapea/kek/v1";
inline constexpr std::string_view kHomeCheckDomain = "kapea/home-check/v1";
inline constexpr std::string_view kTpmPinDomain = "kapea/tpm-pin/v1";
inline constexpr std::string_view kRecoverySheetDomain = "kapea/recovery-sheet/v1";
inline constexpr std::string_view kImportRowDomain = "kapea/import-row/v1";
inline constexpr std::string_view kRecoveryAnswerDomain = "kapea/recovery-answer/v1";

}  // namespace kapea::crypto
