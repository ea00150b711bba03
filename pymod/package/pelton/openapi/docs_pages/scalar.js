"use strict";
Scalar.createApiReference("#page", {
  url: new URL(document.currentScript.dataset.document, document.baseURI).href,
  // Each of these would ask somebody else's server.
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: "never",
});
