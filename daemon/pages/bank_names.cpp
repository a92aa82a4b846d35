#include "daemon/pages/bank_names.h"

#include <algorithm>
#include <array>

namespace reconciled {
namespace {

struct Bank {
  std::string_view word;     // V2
  std::string_view code;     // V1; empty where there is none
  std::string_view korean;
  std::string_view english;
};

// Words and Korean names: V2's schema `Bank`, in its order and with its titles. Codes: the clearing
// institute's (금융결제원), which V1's `vbank_code` is documented as. English names: what the houses
// call themselves.
constexpr std::array<Bank, 79> kBanks{{
    {"BANK_OF_KOREA", "001", "한국은행", "Bank of Korea"},
    {"KDB", "002", "산업은행", "Korea Development Bank"},
    {"IBK", "003", "기업은행", "Industrial Bank of Korea (IBK)"},
    {"KOOKMIN", "004", "국민은행", "KB Kookmin Bank"},
    {"SUHYUP", "007", "수협은행", "Suhyup Bank"},
    {"KEXIM", "008", "수출입은행", "Export-Import Bank of Korea"},
    {"NONGHYUP", "011", "NH농협은행", "NH NongHyup Bank"},
    {"LOCAL_NONGHYUP", "012", "지역농축협", "Local NongHyup"},
    {"WOORI", "020", "우리은행", "Woori Bank"},
    {"STANDARD_CHARTERED", "023", "SC제일은행", "SC First Bank"},
    {"CITI", "027", "한국씨티은행", "Citibank Korea"},
    {"SUHYUP_FEDERATION", "030", "수협중앙회", "National Federation of Fisheries Cooperatives"},
    {"DAEGU", "031", "아이엠뱅크", "iM Bank"},
    {"BUSAN", "032", "부산은행", "Busan Bank"},
    {"KWANGJU", "034", "광주은행", "Kwangju Bank"},
    {"JEJU", "035", "제주은행", "Jeju Bank"},
    {"JEONBUK", "037", "전북은행", "Jeonbuk Bank"},
    {"KYONGNAM", "039", "경남은행", "Kyongnam Bank"},
    {"KFCC", "045", "새마을금고", "MG Community Credit Cooperatives"},
    {"SHINHYUP", "048", "신협", "Shinhyup (Credit Union)"},
    {"SAVINGS_BANK", "050", "저축은행", "Savings Bank"},
    {"MORGAN_STANLEY", "052", "모간스탠리은행", "Morgan Stanley"},
    {"HSBC", "054", "HSBC은행", "HSBC"},
    {"DEUTSCHE", "055", "도이치은행", "Deutsche Bank"},
    {"JPMC", "057", "제이피모간체이스은행", "JPMorgan Chase"},
    {"MIZUHO", "058", "미즈호은행", "Mizuho Bank"},
    {"MUFG", "059", "엠유에프지은행", "MUFG Bank"},
    {"BANK_OF_AMERICA", "060", "BOA은행", "Bank of America"},
    {"BNP_PARIBAS", "061", "비엔피파리바은행", "BNP Paribas"},
    {"ICBC", "062", "중국공상은행", "ICBC"},
    {"BANK_OF_CHINA", "063", "중국은행", "Bank of China"},
    {"NFCF", "064", "산림조합중앙회", "National Forestry Cooperative Federation"},
    {"UOB", "065", "대화은행", "UOB"},
    {"BOCOM", "066", "교통은행", "Bank of Communications"},
    {"CCB", "067", "중국건설은행", "China Construction Bank"},
    {"POST", "071", "우체국", "Korea Post"},
    {"KODIT", "076", "신용보증기금", "Korea Credit Guarantee Fund"},
    {"KIBO", "077", "기술보증기금", "Korea Technology Finance Corporation"},
    {"HANA", "081", "하나은행", "Hana Bank"},
    {"SHINHAN", "088", "신한은행", "Shinhan Bank"},
    {"K_BANK", "089", "케이뱅크", "K bank"},
    {"KAKAO", "090", "카카오뱅크", "KakaoBank"},
    {"TOSS", "092", "토스뱅크", "Toss Bank"},
    {"MISC_FOREIGN", "", "기타 외국계은행(중국 농업은행 등)", "Other foreign bank"},
    {"SGI", "094", "서울보증보험", "Seoul Guarantee Insurance"},
    {"KCIS", "101", "한국신용정보원", "Korea Credit Information Services"},
    {"YUANTA_SECURITIES", "209", "유안타증권", "Yuanta Securities"},
    {"KB_SECURITIES", "218", "KB증권", "KB Securities"},
    {"SANGSANGIN_SECURITIES", "221", "상상인증권", "Sangsangin Investment & Securities"},
    {"HANYANG_SECURITIES", "222", "한양증권", "Hanyang Securities"},
    {"LEADING_SECURITIES", "223", "리딩투자증권", "Leading Investment & Securities"},
    {"BNK_SECURITIES", "224", "BNK투자증권", "BNK Securities"},
    {"IBK_SECURITIES", "225", "IBK투자증권", "IBK Securities"},
    {"DAOL_SECURITIES", "227", "다올투자증권", "Daol Investment & Securities"},
    {"MIRAE_ASSET_SECURITIES", "238", "미래에셋증권", "Mirae Asset Securities"},
    {"SAMSUNG_SECURITIES", "240", "삼성증권", "Samsung Securities"},
    {"KOREA_SECURITIES", "243", "한국투자증권", "Korea Investment & Securities"},
    {"NH_SECURITIES", "247", "NH투자증권", "NH Investment & Securities"},
    {"KYOBO_SECURITIES", "261", "교보증권", "Kyobo Securities"},
    {"HI_SECURITIES", "262", "하이투자증권", "HI Investment & Securities"},
    {"HYUNDAI_MOTOR_SECURITIES", "263", "현대차증권", "Hyundai Motor Securities"},
    {"KIWOOM_SECURITIES", "264", "키움증권", "Kiwoom Securities"},
    {"EBEST_SECURITIES", "265", "LS증권", "LS Securities"},
    {"SK_SECURITIES", "266", "SK증권", "SK Securities"},
    {"DAISHIN_SECURITIES", "267", "대신증권", "Daishin Securities"},
    {"HANHWA_SECURITIES", "269", "한화투자증권", "Hanwha Investment & Securities"},
    {"HANA_SECURITIES", "270", "하나증권", "Hana Securities"},
    {"TOSS_SECURITIES", "271", "토스증권", "Toss Securities"},
    {"SHINHAN_SECURITIES", "278", "신한투자증권", "Shinhan Securities"},
    {"DB_SECURITIES", "279", "DB금융투자", "DB Financial Investment"},
    {"EUGENE_SECURITIES", "280", "유진투자증권", "Eugene Investment & Securities"},
    {"MERITZ_SECURITIES", "287", "메리츠증권", "Meritz Securities"},
    {"KAKAO_PAY_SECURITIES", "288", "카카오페이증권", "Kakao Pay Securities"},
    {"BOOKOOK_SECURITIES", "290", "부국증권", "Bookook Securities"},
    {"SHINYOUNG_SECURITIES", "291", "신영증권", "Shinyoung Securities"},
    {"CAPE_SECURITIES", "292", "케이프투자증권", "Cape Investment & Securities"},
    {"KOREA_SECURITIES_FINANCE", "293", "한국증권금융", "Korea Securities Finance"},
    {"KOREA_FOSS_SECURITIES", "294", "한국포스증권", "Korea Foss Securities"},
    {"WOORI_INVESTMENT_BANK", "", "우리종합금융", "Woori Investment Bank"},
}};

struct OtherName {
  std::string_view name;
  std::string_view word;
};

// V1 passes on what the gateways call a bank (`vbank_name`): mostly the name without 은행, else one of
// these.
constexpr std::array<OtherName, 18> kOtherNames{{
    {"KDB산업은행", "KDB"},      {"IBK기업은행", "IBK"},      {"KB국민은행", "KOOKMIN"},
    {"국민은행(KB)", "KOOKMIN"}, {"농협", "NONGHYUP"},        {"농협은행", "NONGHYUP"},
    {"농협중앙회", "NONGHYUP"},  {"NH농협", "NONGHYUP"},      {"제일", "STANDARD_CHARTERED"},
    {"제일은행", "STANDARD_CHARTERED"}, {"씨티", "CITI"},     {"씨티은행", "CITI"},
    {"대구", "DAEGU"},           {"대구은행", "DAEGU"},       {"iM뱅크", "DAEGU"},
    {"KEB하나은행", "HANA"},     {"외환은행", "HANA"},        {"새마을", "KFCC"},
}};

constexpr std::string_view kBankSuffix = "은행";

bool is_code(std::string_view text, std::string_view code) {
  if (code.empty()) return false;
  // Two digits are an older way to write it.
  return text == code || (text.size() == 2 && code.front() == '0' && text == code.substr(1));
}

std::string_view word_of(std::string_view name) {
  const auto* const other = std::find_if(kOtherNames.begin(), kOtherNames.end(),
                                         [&](const OtherName& known) { return known.name == name; });
  return other == kOtherNames.end() ? name : other->word;
}

}  // namespace

std::string_view bank_name(std::string_view bank, Language language) {
  const std::string_view word = word_of(bank);
  const auto* const found = std::find_if(kBanks.begin(), kBanks.end(), [&](const Bank& known) {
    if (known.word == word || known.korean == word || is_code(word, known.code)) return true;
    return known.korean.size() == word.size() + kBankSuffix.size() &&
           known.korean.starts_with(word) && known.korean.ends_with(kBankSuffix);
  });
  if (found == kBanks.end()) return bank;
  return Said{found->korean, found->english}.in(language);
}

}  // namespace reconciled
