"""The model: Qwen2 layers, windowed attention, rotary positions, the cache and the memory cells.

Modules hold weights only: the state of a session and the backend that computes are arguments. This
package does not know where weights come from.
"""
