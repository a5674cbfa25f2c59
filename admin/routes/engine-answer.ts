// What became of a question to the engine, as the client is told: its answer, or a problem document.
import { EngineRefused, EngineSilent } from '../engine-channel.ts';
import { RequestRefused } from '../problem.ts';

/** @throws RequestRefused */
export async function engineAnswer(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof EngineRefused) {
      throw new RequestRefused('analysis-refused', error.message);
    }
    if (error instanceof EngineSilent) throw new RequestRefused('engine-silent', error.message);
    throw error;
  }
}
