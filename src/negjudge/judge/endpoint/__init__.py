"""A judge behind an OpenAI-compatible endpoint: questions out, answers in, costs kept."""
