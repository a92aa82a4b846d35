#include "tests/sandbox/pages.h"

#include "daemon/core/words/html.h"

namespace reconciled::sandbox {
namespace {

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--line:#8883;--quiet:#6b7280;--card:#fff;--page:#f4f5f7;
--good:#0f7b3f;--bad:#b42318;--wait:#9a5b00;--go:#1a56db}
@media(prefers-color-scheme:dark){:root{--quiet:#9aa4b2;--card:#1c2128;--page:#12151a;
--good:#4ac26b;--bad:#ff7b72;--wait:#e3a008;--go:#3b82f6}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:0 auto;padding:1rem;
background:var(--page)}
h1{font-size:1.4rem;margin:.5rem 0}
h2{font-size:1.05rem;margin:0;overflow-wrap:anywhere}
p{margin:.4rem 0}
.note{color:var(--quiet);font-size:.9rem;overflow-wrap:anywhere}
code{font-size:.9em;overflow-wrap:anywhere}
a{color:var(--go)}
section,details,.card{background:var(--card);border:1px solid var(--line);border-radius:.8rem;
padding:1rem;margin:1rem 0}
summary{cursor:pointer;font-weight:600}
.head{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
.head h2{flex:1 1 12rem}
.chip{font-size:.8rem;font-weight:600;border:1px solid;border-radius:1rem;padding:0 .6rem;
white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}.quiet{color:var(--quiet)}
ul{list-style:none;margin:.6rem 0;padding:0;font-size:.9rem}
li{padding:.25rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
form.row{display:flex;flex-wrap:wrap;gap:.4rem;align-items:center;margin:.6rem 0 0}
form.row>span{font-size:.9rem;color:var(--quiet);flex:1 1 100%}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.6rem;
margin:.8rem 0}
.fields .wide{grid-column:1/-1}
label{font-size:.9rem;color:var(--quiet)}
input,select,button{font:inherit;padding:.4rem .7rem;border:1px solid var(--line);
border-radius:.5rem;background:transparent;color:CanvasText;max-width:100%}
h2,code{unicode-bidi:isolate}
.fields input,.fields select{display:block;width:100%}
option{color:#111;background:#fff}
input.sum-of{width:9rem}
button{cursor:pointer}
button:hover{border-color:var(--go)}
button.main{background:var(--go);border-color:var(--go);color:#fff}
.card{max-width:26rem;margin:3rem auto;padding:1.5rem}
.card button{display:block;width:100%;padding:.7rem;margin:.5rem 0}
.sum{font-size:1.8rem;font-weight:600;margin:.5rem 0}
)css";

}  // namespace

Reply html_page(int status, std::string_view title, const std::string& body) {
  Reply reply;
  reply.status = status;
  reply.content_type = "text/html; charset=utf-8";
  reply.headers.emplace_back("Cache-Control", "no-store");
  reply.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'");
  reply.body =
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width,initial-scale=1\"><title>" +
      core::html_escape(title) + "</title><style>" + kStyle + "</style>" + body + "</html>\n";
  return reply;
}

Reply redirect_to(const std::string& url) {
  Reply reply;
  reply.status = 302;
  reply.content_type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Location", url);
  return reply;
}

std::optional<Reply> page(World& world, const Call& call) {
  const std::string_view path = call.path();
  if (path == "/" && call.method == "GET") return home_page(world, call);
  if (path == "/actions" && call.method == "POST") return do_action(world, call);
  if (path == "/checkout" && call.method == "GET") return open_checkout(world, call);
  if (path == "/checkout" && call.method == "POST") return submit_checkout(world, call);
  return std::nullopt;
}

}  // namespace reconciled::sandbox
