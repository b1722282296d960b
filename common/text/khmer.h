// Khmer as it is compared: one spelling for one appearance, and the consonants alone. What
// looks equal in Khmer is often stored in different orders, which no normalisation form of
// Unicode mends; the order here is that of Unicode Technical Note 61.
// Threads: any; everything here is pure, total and deterministic.
#pragma once

#include <string>
#include <string_view>

namespace kapea::text {

// Of the Khmer block: its letters, signs, digits and punctuation.
bool IsKhmer(char32_t c);

// Puts each syllable into the order base, robat, coeng letters (RO last), shifter, vowels,
// signs, whatever the order it was typed in, once each; joins split vowels; writes a shifter
// below an upper vowel as a shifter; reads coeng DA as coeng TA, which look alike, and
// deprecated letters as those that stand for them; digits become ASCII ones. What has no
// place in a syllable (a coeng without its letter, inherent vowels) is dropped. All other
// characters stay where they are. Folding twice is folding once.
std::u32string FoldKhmer(std::u32string_view text);

// The consonants that are heard, one ASCII letter each, for a folded word: stops of one
// place of the mouth are one letter (k c t p), doubled ones are one, silenced ones none.
// "G" is ng. Comparable with BonesOfSound (romanised.h). Empty: no Khmer consonant.
std::string KhmerBones(std::u32string_view folded);

}  // namespace kapea::text
