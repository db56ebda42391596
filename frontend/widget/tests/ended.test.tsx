import { render } from "preact";
import { act } from "preact/test-utils";
import { describe, expect, it, vi } from "vitest";
import type { Call } from "../src/frame/call";
import { readConfig } from "../src/frame/config";
import { Ended } from "../src/frame/ended";
import { Problem } from "../src/frame/problem";
import { initial } from "../src/frame/state";
import { en } from "../src/locales/en";

function show(stars: number, giveFeedback = vi.fn(async () => undefined)) {
  const tell = vi.fn();
  const root = document.createElement("div");
  const state = { ...initial, phase: "ended" as const, connectedAt: 1, duration: 225, stars };
  const call = { giveFeedback, callId: "c" } as unknown as Call;
  act(() => render(<Ended state={state} tell={tell} call={call} config={readConfig({})} t={en} onClose={() => undefined} />, root));
  return { root, tell, giveFeedback };
}

describe("the end screen", () => {
  it("shows how long it took and asks how it was", () => {
    const { root } = show(0);
    for (const text of ["Call Ended", "Total time: 3:45", "How was your call?", "Download Transcript", "Thank you for calling!"]) expect(root.textContent).toContain(text);
    expect(root.querySelectorAll("input[type=radio]")).toHaveLength(5);
    expect(root.querySelector<HTMLButtonElement>("button[type=submit]")!.disabled).toBe(true);
  });
  it("sends stars once they are chosen", async () => {
    const { root, tell, giveFeedback } = show(4);
    await act(async () => {
      root.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });
    expect(giveFeedback).toHaveBeenCalledWith(4, "");
    expect(tell).toHaveBeenLastCalledWith({ type: "feedback", state: "sent" });
  });
  it("says so when feedback cannot be sent", async () => {
    const failing = vi.fn(async () => { throw new Error("no network"); });
    const { root, tell } = show(4, failing);
    await act(async () => {
      root.querySelector("form")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });
    expect(tell).toHaveBeenLastCalledWith({ type: "feedback", state: "failed" });
  });
});

describe("a refused microphone", () => {
  it("is explained, with the way out", () => {
    const root = document.createElement("div");
    act(() => render(<Problem problem="microphone_denied" t={en} onRetry={() => undefined} />, root));
    for (const text of ["Microphone access required for calls", "Please allow microphone access and try again.", "Click lock icon in address bar", "Retry"]) expect(root.textContent).toContain(text);
  });
});
