// htmx for pages that replace a part of themselves, with everything off that a strict policy refuses:
// no evaluated text, no inline style, no script in answers, no other host.

import htmx from "htmx.org";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0, // pages hold people's data: none of it is kept in the browser's storage
  inlineScriptNonce: document.currentScript?.nonce || "",
  timeout: 20000,
});
