//! Unicode's categories and scripts: `\pL`, `\p{Greek}`, `\P{^Greek}`.
//!
//! Prometheus knows them by one exact name each, Rust's engine by many and in any case; hence the lists.

use super::translate::NOTHING;

const CATEGORIES: &str =
    "C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";

/// Those that Rust's engine has, which is at Unicode 16.
const SCRIPTS: &str = "\
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki \
    Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee \
    Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan \
    Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek Gujarati \
    Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic \
    Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li \
    Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A Linear_B Lisu \
    Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek \
    Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean \
    Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian \
    Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya \
    Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan \
    Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar \
    Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai \
    Tibetan Tifinagh Tirhuta Todhri Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi \
    Zanabazar_Square";

/// Reads a property from its backslash, and writes it so that it means the same inside brackets and outside.
pub(super) fn property(text: &str) -> Result<(String, &str), String> {
    let refused = |text: &str| format!("invalid character class range: `{text}`");
    let length = match text[2..].chars().next() {
        Some('{') => text.find('}').ok_or_else(|| refused(text))? + 1,
        first => 2 + first.map_or(0, char::len_utf8),
    };
    let (written, rest) = text.split_at(length);
    let name = &written[2..];
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let bare = name.strip_prefix('^').unwrap_or(name);
    let is_negated = written.starts_with("\\P") != (bare != name);
    let set = spelled(bare, is_negated).ok_or_else(|| refused(written))?;
    Ok((set, rest))
}

fn spelled(name: &str, is_negated: bool) -> Option<String> {
    let is_in = |list: &str| list.split(' ').any(|known| known == name);
    let letter = if is_negated { 'P' } else { 'p' };
    match name {
        "Any" => Some(format!("\\{letter}{{any}}")),
        // No text contains a surrogate, and Rust's engine knows none.
        "Cs" if is_negated => Some("\\p{any}".to_owned()),
        "Cs" => Some(NOTHING.to_owned()),
        _ if is_in(CATEGORIES) => Some(format!("\\{letter}{{gc={name}}}")),
        _ if is_in(SCRIPTS) => Some(format!("\\{letter}{{sc={name}}}")),
        _ => None,
    }
}
