"""Game day: the console for chaos experiments on serverless pipelines."""
