using System.Diagnostics;

namespace Hypervize.Simulator;

/// <summary>What goes wrong because it was asked for.</summary>
internal sealed class Faults(Behaviour behaviour, TimeProvider time)
{
    // Time for the kernel to hand over what was written before the connection goes: a fault comes after its token or answer, not before.
    private static readonly TimeSpan Delivery = TimeSpan.FromMilliseconds(50);
    private int _completed;

    /// <summary>Whether nothing is to be answered any more.</summary>
    public bool Unresponsive => behaviour.HangAfter > 0 && Volatile.Read(ref _completed) >= behaviour.HangAfter;

    /// <summary>Counts a request that was answered in full, and dies if it was the last one to be.</summary>
    public async Task RequestCompletedAsync()
    {
        if (Interlocked.Increment(ref _completed) != behaviour.CrashAfter) return;
        await Task.Delay(Delivery, time);
        await Console.Error.WriteLineAsync("""
            (simulated fault: crash-after)
            (EngineCore_DP0) ERROR [core.py] EngineCore encountered a fatal error.
            (EngineCore_DP0) ERROR [core.py] torch.AcceleratorError: CUDA error: an illegal memory access was encountered
            """);
        // As the kernel's out-of-memory killer would: nothing is flushed, finished or said goodbye to.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>Cuts the connection of an answer.</summary>
    public async Task DropAsync(HttpContext http)
    {
        await Task.Delay(Delivery, time);
        http.Abort();
    }

    /// <summary>What vLLM prints when a model needs more memory than the GPU has.</summary>
    public const string LoadError = """
        (simulated fault: fail-to-load)
        (EngineCore_DP0) ERROR [core.py] EngineCore failed to start.
        (EngineCore_DP0) ERROR [core.py] ValueError: To serve at least one request with the model's max seq len (131072), 16.00 GiB KV cache is needed, which is larger than the available KV cache memory (7.53 GiB). Based on the available memory, the estimated maximum model length is 61648. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.
        (APIServer) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}
        """;
}
