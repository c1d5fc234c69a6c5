"""The model: Qwen2 layers, windowed attention, rotary positions, the cache and the memory cells."""
