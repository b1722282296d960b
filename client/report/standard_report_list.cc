#include "client/report/standard_reports.h"

namespace kapea::report {

const std::vector<StandardReport>& StandardReports() {
  static const std::vector<StandardReport> reports = {
      {"R-PCCT",
       "Provincial committee, quarterly",
       "គណៈកម្មាធិការខេត្ត ប្រចាំត្រីមាស",
       "provincial committee",
       false,
       true,
       {"I-V01", "I-V02", "I-V03", "I-V04", "I-V05", "I-V06", "I-V07", "I-V08", "I-J01", "I-J02",
        "I-J03"},
       {"sex", "age"}},
      {"R-NCCT",
       "National committee, half-yearly and yearly",
       "គណៈកម្មាធិការជាតិ ប្រចាំឆមាស និងឆ្នាំ",
       "national committee",
       false,
       true,
       {"I-V*", "I-J*"},
       {"sex", "age"}},
      {"R-MOJ",
       "Court cases, monthly",
       "សំណុំរឿងតុលាការ ប្រចាំខែ",
       "ministry of justice",
       false,
       true,
       {"I-J*"},
       {}},
      {"R-MOSVY",
       "Assistance and standards, quarterly",
       "ជំនួយ និងបទដ្ឋាន ប្រចាំត្រីមាស",
       "ministry of social affairs",
       false,
       true,
       {"I-A*", "I-S*"},
       {"sex", "age"}},
      {"R-DONOR",
       "Donor report",
       "របាយការណ៍ម្ចាស់ជំនួយ",
       "donor",
       false,
       true,
       {"I-V09", "I-A*", "I-C*"},
       {"sex"}},
      {"R-TIP",
       "Trafficking in persons questionnaire",
       "កម្រងសំណួរអំពីការជួញដូរមនុស្ស",
       "embassy",
       false,
       true,
       {"I-V02", "I-V03", "I-V04", "I-V05", "I-J08", "I-J09", "I-J10", "I-J11", "I-J12"},
       {"sex", "age", "exploitation"}},
      {"R-AUDIT",
       "All questions of a supervisor",
       "សំណួរទាំងអស់របស់អ្នកត្រួតពិនិត្យ",
       "supervisor",
       true,
       false,
       {"Q*"},
       {}},
  };
  return reports;
}

const StandardReport* FindReport(std::string_view id) {
  for (const StandardReport& report : StandardReports()) {
    if (report.id == id) return &report;
  }
  return nullptr;
}

}  // namespace kapea::report
