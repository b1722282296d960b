// The closed lists that the rest is said in. The numbers are those of
// proto/kapea/v1 and can never change; codec asserts that they agree.
#pragma once

#include <cstdint>
#include <string_view>

namespace kapea::domain {

enum class Kind : uint8_t {
  kUnknown = 0,
  kEdit = 1,
  kCustodyOffer = 2,
  kCustodyAnswer = 3,
  kRoster = 4,
  kGrant = 5,
  kDirectory = 6,
  kLink = 7,
  kWaiver = 8,
  kApproval = 9,
  kReadNotice = 10,
  kResolution = 11,
  kMismatch = 12,
  kRelease = 13,
  kDelivery = 14,
  kGap = 15,
  kErase = 16,
  kEpoch = 17,
  kGenesis = 18,
  kPack = 19,
  kWithdrawal = 20,
  kAdmission = 21,
  kBreakGlass = 22,
  kRecovery = 23,
  kDisclosure = 24,
  kPublication = 25,
};

enum class Role : uint8_t {
  kNone = 0,
  kUnitLead = 1,
  kOfficer = 2,
  kSocialWorker = 3,
  kIntakeOfficer = 4,
  kCaseManager = 5,
  kHealthWorker = 6,
  kLawyer = 7,
  kInterpreter = 8,
  kCourtClerk = 9,
  kSupervisor = 10,
  kAnalyst = 11,
  kCommuneOfficer = 12,
  kRegistrar = 13,
  kAdministrator = 14,
  kServer = 15,
};

enum class Duty : uint8_t {
  kNone = 0,
  kLead = 1,
  kJpo = 2,
  kVlo = 3,
  kExh = 4,
  kSw = 5,
  kMed = 6,
  kInt = 7,
  kShelter = 8,
  kSup = 9,
  kComms = 10,
};

enum class FileKind : uint8_t {
  kNone = 0,
  kOperation = 1,
  kPerson = 2,
  kJustice = 3,
  kLead = 4,
  kProgramme = 5,
  kDirectory = 6,
  kStandards = 7,
};

enum class UnitKind : uint8_t {
  kNone = 0,
  kPolice = 1,
  kSocialAffairs = 2,
  kShelter = 3,
  kHealth = 4,
  kLegal = 5,
  kCourt = 6,
  kCommittee = 7,
  kRegistry = 8,
};

enum class KeyClass : uint8_t {
  kNone = 0,
  kGeneral = 1,
  kIdentity = 2,
  kTestimony = 3,
  kHealth = 4,
  kPlan = 5,
};
inline constexpr KeyClass kKeyClasses[] = {KeyClass::kGeneral, KeyClass::kIdentity,
                                           KeyClass::kTestimony, KeyClass::kHealth,
                                           KeyClass::kPlan};

enum class Answer : uint8_t { kNone = 0, kUnknown = 1, kRefused = 2 };

enum class RecipientKind : uint8_t {
  kNone = 0,
  kPerson = 1,
  kUnit = 2,
  kRecovery = 3,
  kHalf = 4,
  kDevice = 5,
};

enum class Verdict : uint8_t {
  kNone = 0,
  kAccepted = 1,
  kEarly = 2,
  kNotMember = 3,
  kRole = 4,
  kDuty = 5,
  kForm = 6,
  kType = 7,
  kClass = 8,
  kStaleRoster = 9,
  kRevoked = 10,
  kMissingFact = 11,
  kStaleRecipient = 12,
  kErased = 13,
  kForked = 14,
  kNeedsNewer = 15,
  kMalformed = 16,
  kKeyEpoch = 17,
  kOnHold = 18,
  kNoConsent = 19,
  kPublished = 20,
};

enum class SourceStatus : uint8_t { kNone = 0, kDocumented = 1, kUnverified = 2, kProposed = 3 };
enum class Translation : uint8_t { kNone = 0, kDraft = 1, kSigned = 2 };

enum class FieldType : uint8_t {
  kNone = 0,
  kBoolean = 1,
  kInteger = 2,
  kCode = 3,
  kCodes = 4,
  kTime = 5,
  kDate = 6,
  kDuration = 7,
  kItem = 8,
  kAttachment = 9,
  kPerson = 10,
  kUnit = 11,
  kFile = 12,
  kRecord = 13,
  kText = 20,
  kName = 21,
  kPhone = 22,
  kAddress = 23,
  kPosition = 24,
  kImage = 25,
};

enum class Sensitivity : uint8_t {
  kNone = 0,
  kOperational = 1,
  kStatistical = 2,
  kIdentity = 3,
  kTestimony = 4,
  kHealth = 5,
  kPlan = 6,
};

enum class FormKind : uint8_t { kNone = 0, kRecord = 1, kChecklist = 2 };
enum class Per : uint8_t { kFile = 0, kPerson = 1, kSuspect = 2, kExhibit = 3, kVehicle = 4 };
enum class Evidence : uint8_t {
  kNone = 0,
  kTime = 1,
  kPhoto = 2,
  kDocument = 3,
  kSignature = 4,
  kTwoSignatures = 5,
  kDocumentOrTime = 6,
  kSignatureOrTime = 7,
  kPhotoAndDocument = 8,
  kDocumentAndSignature = 9,
};
enum class Severity : uint8_t { kNone = 0, kMust = 1, kShould = 2, kInfo = 3 };
enum class FindingStatus : uint8_t {
  kNone = 0,
  kMet = 1,
  kMetLate = 2,
  kPending = 3,
  kOverdue = 4,
  kNotApplicable = 5,
  kWaived = 6,
};

// What a checklist item can be answered with.
inline constexpr std::string_view kItemDone = "done";
inline constexpr std::string_view kItemNotDone = "not_done";
inline constexpr std::string_view kItemNotApplicable = "not_applicable";

// Field codes that act on the record itself.
inline constexpr std::string_view kVoidField = "@void";  // code: why; cleared: valid again
inline constexpr std::string_view kPinField = "@pin";    // integer: a higher form version

}  // namespace kapea::domain
