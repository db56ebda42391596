import { describe, expect, it } from "vitest";
import { clock, initial, reduce, speaker, type Action, type State } from "../src/frame/state";

const play = (...actions: Action[]): State => actions.reduce(reduce, initial);
const line = (id: string, startMs: number, text: string, final = true): Action => ({ type: "line", line: { id, role: "user", text, final, startMs } });

describe("the call's state", () => {
  it("keeps the time of the first connection over a lost one", () => {
    const state = play({ type: "connected", at: 1000 }, { type: "reconnecting" }, { type: "connected", at: 9000 });
    expect(state).toMatchObject({ phase: "live", connectedAt: 1000 });
  });
  it("orders captions by when they were said and replaces earlier versions", () => {
    const state = play(line("2", 2000, "later"), line("1", 1000, "he", false), line("1", 1000, "hello"));
    expect(state.lines.map((l) => l.text)).toEqual(["hello", "later"]);
  });
  it("drops a caption that turned out empty", () => {
    expect(play(line("1", 1, "noise", false), line("1", 1, "")).lines).toEqual([]);
  });
  it("lets nothing follow the end but feedback", () => {
    const ended = play({ type: "connected", at: 1 }, { type: "ended", duration: 65, reason: "user_ended" });
    expect(reduce(ended, { type: "reconnecting" }).phase).toBe("ended");
    expect(reduce(ended, { type: "failed", problem: "x" }).phase).toBe("ended");
    expect(reduce(ended, { type: "feedback", state: "sent" }).feedback).toBe("sent");
  });
  it("gives the agent's voice precedence in the picture", () => {
    expect(speaker(play({ type: "caller_speaks", on: true }, { type: "agent_speaks", on: true }))).toBe("agent");
    expect(speaker(play({ type: "caller_speaks", on: true }))).toBe("caller");
  });
});

describe("clock", () => {
  it.each([[0, "0:00"], [84, "1:24"], [225.9, "3:45"], [3661, "1:01:01"]])("%s s is %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});
