"use strict";
(() => {
  const script = document.currentScript;
  window.ui = SwaggerUIBundle({
    url: script.dataset.document,
    dom_id: "#page",
    deepLinking: true,
    validatorUrl: null, // the validator is somebody else's server
    oauth2RedirectUrl: new URL("oauth2-redirect.html", script.src).href,
  });
})();
