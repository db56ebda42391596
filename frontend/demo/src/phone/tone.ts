/** The ringing a caller hears until somebody answers: 440 and 480 Hz, two seconds of every six (North America). */

const VOLUME = 0.04;
const TONES_HZ = [440, 480];
const ON_S = 2;
const CYCLE_S = 6;
const CYCLES = 20;

/** Call inside the click; returns how to stop it. */
export function ringingTone(): () => void {
  const context = new AudioContext();
  const volume = new GainNode(context, { gain: 0 });
  volume.connect(context.destination);
  for (const frequency of TONES_HZ) {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(volume);
    tone.start();
  }
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const at = context.currentTime + cycle * CYCLE_S;
    volume.gain.setTargetAtTime(VOLUME, at, 0.01);
    volume.gain.setTargetAtTime(0, at + ON_S, 0.01);
  }
  return () => {
    if (context.state !== 'closed') void context.close();
  };
}
