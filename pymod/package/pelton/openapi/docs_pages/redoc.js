"use strict";
Redoc.init(document.currentScript.dataset.document, {}, document.getElementById("page"));
