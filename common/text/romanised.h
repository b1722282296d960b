// How a romanised Khmer name sounds. There is no one romanisation: a name is written
// Srey or Srei, Sovann or Sovan, Boeng, Boeung or Bueng, as whoever wrote it heard it.
// Threads: any; pure, total and deterministic.
#pragma once

#include <string>
#include <string_view>

namespace kapea::text {

// A key that spellings of one sound share, for a word of the letters a to z: aspiration and
// doubling are not heard, final b d g are p t k, r is heard before a vowel alone, and vowel
// letters are read in the groups that stand for one Khmer vowel. Consonants are small
// letters (c is ch, G ng, N ny); vowels are a, e (also ea, ie), i, o, u (also ou, oo, uo),
// U (oe, eu, oeu), Y (a glide as in ey) and W (as in ao). Empty for a word with anything else.
std::string SoundOf(std::string_view word);

// Its consonants as KhmerBones (khmer.h) has them, so that a name is found across scripts.
std::string BonesOfSound(std::string_view sound);

}  // namespace kapea::text
