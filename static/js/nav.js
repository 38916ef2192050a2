// On a phone the pages do not fit beside each other: the one that is open is in sight.
"use strict";

document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
