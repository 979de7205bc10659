using System.Text.Json;

namespace Hypervize.Simulator;

/// <summary>
/// The node's own record of when it served: a line when it became ready, one every half second, and one when it stopped, so that
/// after a kill the last line is at most half a second old. Bills are held against it.
/// </summary>
/// <param name="file">Where it is written; null for nowhere.</param>
/// <param name="node">Name of the node in it.</param>
/// <param name="time">Time.</param>
public sealed class ServingLog(string? file, string node, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    /// <summary>Writes until the node stops.</summary>
    /// <param name="stopping">The node stops.</param>
    public async Task WriteAsync(CancellationToken stopping)
    {
        if (file is null) return;
        await LineAsync("ready");
        using var timer = new PeriodicTimer(Beat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) await LineAsync("serving");
        }
        catch (OperationCanceledException)
        {
            await LineAsync("stopped");
        }
    }

    private Task LineAsync(string what) => File.AppendAllTextAsync(file!, $$"""{"node":"{{JsonEncodedText.Encode(node)}}","event":"{{what}}","at":"{{time.GetUtcNow():O}}"}""" + "\n");

}
