// A note of a TPM home, made once by a TPM that is no more. Its form must be read for ever.
#pragma once

namespace kapea::homes {

inline constexpr char kFrozenTpmNoteHex[] =
    "010022000b86387691d3a4d95c3c4f7ee596ea9bad04b615791aa002402291301815a74fb00030002e000800"
    "0b0000005200000010002062739fa2eaf2ee9faa7b12eb5d2e6547dc780bd87a27b4cb596ba33a97b08ec600"
    "a0009e0020e5ff37be3a61b6db3da1cf72e11c9a3cb0edaff07fed9631626ca933f9ee27d90010d78618ebc1"
    "9f2a9eb483d77ef75f440954b4f05e70dfe3573944eaa8f9344637b1d69bf36d4a2bad198c7fe77afe09892f"
    "128451b4db6fc5cdc96713fc276c0ae7d153f73456dc5a7078cdec43b3a01f03f378348d902219862580b2a8"
    "bc074ee1615096ea2bdb85ef3f3d5941deaa45e7d9752e022c7d911196";

}  // namespace kapea::homes
