#include "daemon/redirect/page_frame.h"

#include <algorithm>

#include "daemon/pages/page_answer.h"
#include "daemon/redirect/contact.h"

namespace reconciled {
namespace {

using core::Html;
using core::Markup;

// Without JavaScript: faster is a flicker.
constexpr std::chrono::seconds kLeastPause{3};

// A face's colour fills the top, so that it is seen from afar; white on each has a contrast of 5 : 1
// at least, in the light and in the dark.
constexpr Markup kStyle = R"css(
:root{color-scheme:light dark;--back:#f1f3f6;--card:#fff;--ink:#19202b;--dim:#545f70;--line:#d9dee6}
@media(prefers-color-scheme:dark){:root{--back:#0f1318;--card:#1a2028;--ink:#e9edf2;--dim:#a7b1bf;--line:#343d49}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--card);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
.good{--c:#0a7038}.busy{--c:#1550c0}.slow{--c:#8a4f00}.pay{--c:#00656d}.off{--c:#4d5766}.bad{--c:#b3261e}.lost{--c:#6d3a9c}
main{max-width:30rem;margin:0 auto;background:var(--card)}
.top{padding:1.5rem 1.25rem 1.75rem;background:var(--c);color:#fff;text-align:center}
.shop{margin:0;font-weight:600}
.top svg{display:block;width:5.5rem;height:5.5rem;margin:1rem auto .75rem;padding:.5rem;border-radius:50%;background:#fff3;fill:none;stroke:#fff;stroke-width:5;stroke-linecap:round;stroke-linejoin:round}
h1,.top p,.ask{text-wrap:balance}
.whole{display:inline-block;max-width:100%;text-decoration:inherit}
a{color:inherit}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.35}
.top p{margin:0}
.in{padding:1.25rem}
.in>*{margin:0 0 1rem}
.in>:last-child{margin:0}
.sum{font-size:2rem;font-weight:700;line-height:1.2;text-align:center}
.why{padding:.75rem 1rem;border-left:4px solid var(--c);background:var(--back)}
.dim,dt{color:var(--dim)}
.dim{font-size:.9375rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.5rem 1rem}
dd{margin:0;text-align:right;font-weight:600;unicode-bidi:isolate}
.account{padding:1rem;border:2px solid var(--c);border-radius:.75rem}
.account p{margin:0}
.bank{font-weight:600}
#number{font-size:clamp(1.25rem,7vw,1.75rem);font-weight:700;line-height:1.3;user-select:all}
.due{padding-top:.5rem;font-weight:600}
button,.go{display:block;width:100%;min-height:3rem;padding:.625rem 1rem;border:2px solid var(--c);border-radius:.75rem;background:var(--c);color:#fff;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
button{margin:.75rem 0 .25rem}
.go.less,.ask{background:none;color:inherit;border-color:var(--line)}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.spin{transform-origin:32px 32px;animation:spin 1.1s linear infinite}
@keyframes spin{to{transform:rotate(1turn)}}
@media(prefers-reduced-motion:reduce){.spin{animation:none;stroke-dasharray:1 10}}
.over .spin{animation:none}
@media(min-width:32rem){body{background:var(--back)}main{margin:2rem auto;border-radius:1rem;overflow:hidden;border:1px solid var(--line)}}
)css";

// Copies the account's number; asks for the status while the page is looked at, and at once when the
// buyer comes back to it, and loads the page anew when it changes. When the token's time is over it
// stops and says so.
constexpr Markup kScript = R"js(
(function(d){var b=d.body,u=b.dataset.status,c=d.getElementById('copy'),t;
if(c){c.hidden=false;c.addEventListener('click',function(){var n=d.getElementById('number');
function said(){d.getElementById('said').textContent=c.dataset.said}
function old(){getSelection().selectAllChildren(n);if(d.execCommand('copy'))said()}
if(navigator.clipboard)navigator.clipboard.writeText(n.textContent).then(said,old);else old()})}
if(!u)return;
function end(){clearInterval(t);u='';b.classList.add('over');var o=d.getElementById('over'),h=d.querySelector('h1');
if(o.dataset.title)h.textContent=o.dataset.title;d.getElementById('live').hidden=true;o.hidden=false}
function ask(){if(d.hidden||!u)return;fetch(u,{headers:{Accept:'application/json'}}).then(function(r){
if(r.status==404)return end();if(r.ok)return r.json().then(function(j){
var n=j.state!=b.dataset.state;if(n||j.ended)location.replace(n&&j.next_url||u)})}).catch(function(){})}
t=setInterval(ask,b.dataset.every*1e3);setTimeout(end,b.dataset.left*1e3);
d.addEventListener('visibilitychange',ask)})(document);
)js";

const std::string& content_policy() {
  static const std::string kPolicy =
      "default-src 'none'; style-src " + allowed_by_hash(kStyle) + "; script-src " +
      allowed_by_hash(kScript) +
      "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return kPolicy;
}

void add_head(Html& html, const Frame& frame, const Shop& shop) {
  html.own("<!doctype html>").open("html", {{"lang", Said{"ko", "en"}.in(frame.language)}});
  html.open("head").empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width,initial-scale=1"}});
  html.empty("meta", {{"name", "robots"}, {"content", "noindex"}});
  // Numbers that may look like a telephone's are accounts and orders.
  html.empty("meta", {{"name", "format-detection"}, {"content", "telephone=no"}});
  if (!frame.following.url.empty()) {
    const auto pause = std::max(frame.following.every, kLeastPause);
    const std::string again = std::to_string(pause.count()) + ";url=" + frame.following.url;
    html.open("noscript").empty("meta", {{"http-equiv", "refresh"}, {"content", again}}).close();
  }
  std::string title(frame.title);
  if (!shop.name.empty()) title += " – " + shop.name;
  html.element("title", title).open("style").own(kStyle).close().close();
}

void add_top(Html& html, const Frame& frame, const Shop& shop) {
  html.open("div", {{"class", "top"}});
  if (!shop.name.empty()) html.element("p", shop.name, {{"class", "shop"}});
  html.open("svg", {{"viewBox", "0 0 64 64"}, {"aria-hidden", "true"}});
  html.own(icon_of(frame.face)).close();
  html.open("div", {{"role", "status"}}).element("h1", frame.title);
  if (!frame.text.empty()) html.element("p", frame.text);
  html.close().close();
}

// Said at once where the page does not ask, else by the script when it stops.
void add_progress(Html& html, const Frame& frame) {
  static constexpr Said kLive{"이 화면은 저절로 바뀝니다.", "This page updates by itself."};
  static constexpr Said kOver{
      "이 화면은 더 이상 저절로 바뀌지 않습니다. 결과는 쇼핑몰의 주문 내역에서 확인해 주세요.",
      "This page does not update any more. Please look at your orders in the shop for the result."};
  const Language language = frame.language;
  const bool is_live = !frame.following.url.empty();
  if (is_live) html.element("p", kLive.in(language), {{"class", "dim"}, {"id", "live"}});
  if (!is_live && !frame.has_ended) return;
  const bool is_open = frame.face == Face::kConfirming || frame.face == Face::kDelayed;
  html.open("div", {{"role", "status"}});
  html.element("p", kOver.in(language),
               {{"id", "over"},
                {"hidden", is_live ? std::optional<std::string_view>("") : std::nullopt},
                {"data-title", is_open ? std::optional(title_of(Face::kUnknown).in(language))
                                       : std::nullopt}});
  html.close();
}

void add_contact(Html& html, const Frame& frame, const Shop& shop) {
  if (shop.contact.empty()) return;
  static constexpr Said kAsk{"쇼핑몰에 문의하기:", "Contact the shop:"};
  static constexpr Said kFoot{"문의:", "Contact:"};
  const bool is_needed = needs_help(frame.face);
  const std::string_view words = (is_needed ? kAsk : kFoot).in(frame.language);
  const std::string link = link_of_contact(shop.contact);
  // What one can press is a button where it is needed.
  const bool is_button = is_needed && !link.empty();
  if (is_button) {
    html.open("a", {{"class", "go ask"}, {"href", link}});
  } else {
    html.open("p", {{"class", is_needed ? "why" : "dim"}});
  }
  html.element("span", words, {{"class", "whole"}}).text(" ");
  if (!is_button && !link.empty()) html.open("a", {{"href", link}});
  html.element("span", shop.contact, {{"class", "whole"}});
  if (!is_button && !link.empty()) html.close();
  html.close();
}

}  // namespace

std::string render_frame(const Frame& frame, const Shop& shop,
                         const std::function<void(Html&)>& add_body) {
  const bool is_live = !frame.following.url.empty();
  const std::string every = std::to_string(frame.following.every.count());
  const std::string left = std::to_string(frame.following.left.count());
  const auto if_live = [&](std::string_view value) {
    return is_live ? std::optional<std::string_view>(value) : std::nullopt;
  };
  Html html;
  add_head(html, frame, shop);
  html.open("body", {{"class", class_of(frame.face)},
                     {"data-state", frame.state},
                     {"data-status", frame.following.url},
                     {"data-every", if_live(every)},
                     {"data-left", if_live(left)}});
  html.open("main");
  add_top(html, frame, shop);
  html.open("div", {{"class", "in"}});
  add_body(html);
  add_progress(html, frame);
  add_contact(html, frame, shop);
  html.close().close();
  if (is_live || frame.has_number) html.open("script").own(kScript).close();
  return std::move(html.close().close().own("\n")).finish();
}

http::Response page_response(int status, std::string html) {
  return page_answer(status, std::move(html), content_policy());
}

}  // namespace reconciled
