// The dashboard's one style. Colours have a contrast of 4.5 : 1 at least on their grounds, in the
// light and in the dark.
#pragma once

#include "daemon/core/words/html.h"

namespace reconciled::dashboard {

inline constexpr core::Markup kStyle = R"css(
:root{color-scheme:light dark;--back:#f3f4f7;--card:#fff;--ink:#181d26;--dim:#535d6d;--line:#d5dae3;--link:#0b4fb3;--good:#0a6b36;--bad:#b3261e;--wait:#8a4b00;--part:#5b3f9e;--off:#4d5766;--open:#1550c0;--alarm:#fdeceb}
@media(prefers-color-scheme:dark){:root{--back:#0f1318;--card:#191f27;--ink:#e8ecf2;--dim:#a6b0be;--line:#343d49;--link:#8fbcff;--good:#5fd08f;--bad:#ff9b91;--wait:#f0b35a;--part:#c3adff;--off:#b3bcc9;--open:#8fbcff;--alarm:#3a1d1c}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.5rem}
header,main,footer{max-width:72rem;margin:0 auto;padding:.75rem 1rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}
header .home{font-weight:700;text-decoration:none;color:inherit}
nav{display:flex;flex-wrap:wrap;gap:0 1rem;align-items:center}
nav a{padding:.4rem 0}
.search{display:flex;gap:.5rem;flex:1 1 16rem}
.search input{flex:1;min-width:0}
input,select,textarea,button,.button{font:inherit;min-height:2.75rem;padding:.4rem .75rem;border:1px solid var(--dim);border-radius:.5rem;background:var(--card);color:inherit;max-width:100%}
button,.button{font-weight:600;cursor:pointer;text-decoration:none;display:inline-flex;align-items:center}
.main{background:var(--link);border-color:var(--link);color:var(--card)}
h1{font-size:1.4rem;line-height:1.3;margin:.25rem 0 .75rem}
h2{font-size:1.1rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:0}
p{margin:0 0 .5rem}
section,.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:0 0 1rem;min-width:0}
.dim{color:var(--dim);font-size:.9rem}
.alarm{border-left:6px solid var(--bad);background:var(--alarm)}
.calm{border-left:6px solid var(--good)}
.done{border-left:6px solid var(--link)}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));align-items:start}
.counts{display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:.5rem;list-style:none;margin:0;padding:0}
.counts a{display:block;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;text-decoration:none;color:inherit}
.counts b{display:block;font-size:1.25rem}
ul.rows{list-style:none;margin:0;padding:0}
.rows>li{padding:.6rem 0;border-top:1px solid var(--line)}
.rows>li:first-child{border-top:0;padding-top:0}
.pay{display:grid;grid-template-columns:1fr auto;gap:0 1rem;text-decoration:none;color:inherit}
.pay .id{font-weight:600;color:var(--link);text-decoration:underline}
.pay>:nth-child(2n){text-align:right}
.tag{display:inline-block;padding:0 .5rem;border:1px solid;border-radius:1rem;font-size:.9rem;font-weight:600;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}.part{color:var(--part)}.off{color:var(--off)}.open{color:var(--open)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}
.rows dl{margin:.25rem 0}
dt{color:var(--dim)}dd{margin:0}
.sum{font-size:1.6rem;font-weight:700}
.acts{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.5rem}
.acts form{margin:0}
.note{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin-top:.5rem}
.note label{flex:1 1 14rem}.note input{width:100%}
details{margin-top:.5rem}summary{cursor:pointer;padding:.4rem 0}
ol.story{list-style:none;margin:0;padding:0}
.story>li{position:relative;padding-left:5.25rem;min-height:2.75rem}
.story svg{position:absolute;top:0;left:0;width:4.5rem;height:100%;display:block}
.story div{padding:.35rem 0}
.day{font-weight:700;padding:.5rem 0 .25rem}
.lanes{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0 0 .5rem;padding:0;list-style:none;font-size:.9rem}
.lanes i{display:inline-block;width:.8rem;height:.8rem;border-radius:50%;margin-right:.35rem;background:currentColor}
.l0{color:var(--wait)}.l1{color:var(--link)}.l2{color:var(--part)}.l3{color:var(--good)}
.rail{stroke:var(--line);stroke-width:2}.dot{fill:currentColor}
.chart{width:100%;height:auto;display:block}
.chart text{fill:var(--dim);font-size:14px}@media(max-width:40rem){.chart text{font-size:24px}}
.b0{fill:var(--link)}.b1{fill:var(--good)}.b2{fill:var(--bad)}.axis{stroke:var(--line)}.lag{fill:none;stroke:var(--wait);stroke-width:2}.lagdot{fill:var(--wait)}
.k0{color:var(--link)}.k1{color:var(--good)}.k2{color:var(--bad)}.k3{color:var(--wait)}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:right;padding:.15rem .4rem;border-top:1px solid var(--line)}th:first-child,td:first-child{text-align:left}td b{font-weight:400;white-space:nowrap}
.filter{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}
.filter label,.signin label{display:block}
.signin{max-width:26rem;margin:10vh auto}
.signin input{width:100%;margin:.25rem 0 .75rem}
code{font-family:ui-monospace,monospace;font-size:.95em}
footer{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;color:var(--dim);font-size:.9rem}
footer form{margin:0}
)css";

}  // namespace reconciled::dashboard
