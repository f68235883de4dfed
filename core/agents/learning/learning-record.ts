import type { EventData } from '#contracts/registry.ts';
import type { LearningState } from '#core/agents/learning/learning.ts';

/** What the learning agent keeps in state: its statistics, and the lesson they came to. */
export interface LearningRecord {
  readonly statistics: LearningState;
  /** Fills and commissions journaled up to here are in the statistics. */
  readonly learnedAt: string;
  readonly lesson: EventData<'LessonLearned'>;
}
