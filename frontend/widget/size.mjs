// What a company's page and a caller have to download, compressed; too much fails the build.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("dist/", import.meta.url);
const size = (name) => gzipSync(readFileSync(new URL(name, dist))).length;
const loader = size("widget.js");
const scripts = readdirSync(new URL("frame/assets/", dist)).filter((name) => name.startsWith("index"));
const frame = size("frame/index.html") + scripts.reduce((sum, name) => sum + size(`frame/assets/${name}`), 0);
console.log(`loader ${(loader / 1000).toFixed(1)} kB of 5, call interface ${(frame / 1000).toFixed(1)} kB of 40 (gzip)`);
if (loader > 5000 || frame > 40000) process.exit(1);
