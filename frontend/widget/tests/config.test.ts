import { describe, expect, it } from "vitest";
import { foreground, readConfig } from "../src/frame/config";
import { de } from "../src/locales/de";
import { en } from "../src/locales/en";
import { es } from "../src/locales/es";
import { fr } from "../src/locales/fr";

describe("configuration", () => {
  it("has the documented defaults", () => {
    expect(readConfig({})).toMatchObject({ theme: "auto", visualizer: "wave", showMute: true, endButton: "red", size: "modal", feedback: true, transcriptDownload: true, recordingDownload: false, language: "en", endCallMessage: "Thank you for calling!" });
  });
  it("chooses the foreground that can be read", () => {
    expect(foreground("#10B981")).toBe("#111827");
    expect(foreground("#4F46E5")).toBe("#ffffff");
  });
});

describe("languages", () => {
  it("have the prescribed words", () => {
    expect([es.call, fr.connected, de.endCall]).toEqual(["Llámanos!", "Connecté", "Anruf beenden"]);
  });
  it.each([["es", es], ["fr", fr], ["de", de]])("%s keeps every placeholder", (_, texts) => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(texts[key].match(/\{\w+\}/g)).toEqual(en[key].match(/\{\w+\}/g));
      expect(texts[key]).not.toBe("");
    }
  });
});
