#include "client/report/report_words.h"

namespace kapea::report {
namespace {

// Khmer: drafts, until a native reader has signed them.
constexpr ReportWords kEnglishWords = {  // tidy: long because it is all words once
    "Period",
    "all time",
    "As of",
    "Unit",
    "all files of this device",
    "Files looked at",
    "For",
    "Rules",
    "What",
    "Figure",
    "Baseline",
    "Target",
    "Others report",
    "Group",
    "several",
    "not said",
    "All",
    "Not answered from the files",
    "Numbers from 1 to %k are hidden (··), and others beside them from which they would follow.",
    "Exercises are counted nowhere.",
    "Some figures rest on what may lie on the other side of the period's border, on a device's "
    "clock alone, or on one of two values that stand side by side.",
    "What this report holds follows a proposal; its receiver has not confirmed it.",
    "For use inside.",
    "Median",
    "90th percentile",
    "Over the limit",
    "Measured",
    "of",
    "all units",
    "Province",
    "Size of the ledger",
    "Published",
    "Revises",
    "Revised by",
    "Numbers are rounded, so that parts need not add up.",
    "A draft: it was not published, and is not to be handed out."};
constexpr ReportWords kKhmerWords = {
    "រយៈពេល",
    "គ្រប់ពេល",
    "គិតត្រឹម",
    "អង្គភាព",
    "ឯកសារទាំងអស់ក្នុងឧបករណ៍នេះ",
    "ឯកសារដែលបានពិនិត្យ",
    "សម្រាប់",
    "វិធាន",
    "អ្វី",
    "តួលេខ",
    "តួលេខគោល",
    "គោលដៅ",
    "អ្នកដទៃរាយការណ៍",
    "ក្រុម",
    "ច្រើន",
    "មិនបានបញ្ជាក់",
    "សរុប",
    "មិនអាចឆ្លើយពីឯកសារបាន",
    "តួលេខពី ១ ដល់ %k ត្រូវបានលាក់ (··) ព្រមទាំងតួលេខផ្សេងដែលអាចឲ្យដឹងវា។",
    "សមយុទ្ធមិនត្រូវបានរាប់ទេ។",
    "តួលេខខ្លះផ្អែកលើព្រឹត្តិការណ៍ជិតព្រំរយៈពេល លើនាឡិកាឧបករណ៍ ឬលើតម្លៃមួយក្នុងចំណោមពីរ។",
    "ខ្លឹមសាររបាយការណ៍នេះតាមសំណើ អ្នកទទួលមិនទាន់បានបញ្ជាក់។",
    "សម្រាប់ប្រើផ្ទៃក្នុង។",
    "មេដ្យាន",
    "ភាគរយទី៩០",
    "លើសកំណត់",
    "បានវាស់",
    "នៃ",
    "គ្រប់អង្គភាព",
    "ខេត្ត",
    "ទំហំបញ្ជី",
    "បានផ្សាយ",
    "កែសម្រួល",
    "ត្រូវបានកែសម្រួលដោយ",
    "តួលេខត្រូវបានបង្គត់ ដូច្នេះផលបូកអាចខុសពីសរុប។",
    "សេចក្ដីព្រាង៖ មិនទាន់ផ្សាយ និងមិនត្រូវចែកចាយទេ។"};

}  // namespace

const ReportWords& WordsIn(field::Language language) {
  return language == field::Language::kKhmer ? kKhmerWords : kEnglishWords;
}

}  // namespace kapea::report
