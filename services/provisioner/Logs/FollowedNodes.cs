using Hypervize.Contracts;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Logs;

/// <summary>The nodes of an endpoint, as far as one follower was told of them.</summary>
/// <param name="nodes">The nodes of this machine.</param>
/// <param name="endpointId">The endpoint.</param>
/// <param name="tail">Lines of each to begin with.</param>
/// <param name="heard">How far the follower has heard of them before; null when it begins.</param>
/// <param name="events">Where it is told.</param>
/// <param name="time">Time.</param>
internal sealed class FollowedNodes(
    LocalNodes nodes, string endpointId, int tail, IReadOnlyDictionary<string, OutputPosition>? heard, EventWriter events, TimeProvider time)
{
    private readonly Dictionary<string, Followed> _followed = new(StringComparer.Ordinal);
    private bool _begun;

    /// <summary>Tells what is new, a piece of each node's.</summary>
    /// <param name="cancel">Stops.</param>
    /// <returns>Whether there is more at once.</returns>
    public async Task<bool> TellAsync(CancellationToken cancel)
    {
        var (there, more) = (nodes.Of(endpointId).OrderBy(n => n.Manifest.SpawnedAt).ToList(), false);
        foreach (var gone in _followed.Keys.Except(there.Select(n => n.Manifest.NodeId)).ToList()) _followed.Remove(gone);
        foreach (var node in there)
        {
            // Looked at before its output is: what it printed until its end is read then.
            var isAlive = node.Seen.IsAlive;
            if (!_followed.TryGetValue(node.Manifest.NodeId, out var it))
            {
                _followed[node.Manifest.NodeId] = it = new(Begin(node), isAlive);
                await TellAsync(node, isAlive, cancel);
            }
            if (!it.IsRead && await TellAsync(node.Manifest.NodeId, it.Output.Read(ended: !isAlive), cancel)) more = true;
            else if (!isAlive && !it.IsRead)
            {
                it.IsRead = true;
                if (it.WasAlive) await TellAsync(node, isAlive, cancel);
            }
        }
        _begun = true;
        return more;
    }

    private OutputFollower Begin(LocalNode node)
    {
        if (heard is null && !_begun) return OutputFollower.OfLast(node.Folder.Output, tail, time);
        // What it has not heard of has begun since.
        return new(node.Folder.Output, heard?.GetValueOrDefault(node.Manifest.NodeId) ?? default, time);
    }

    private Task TellAsync(LocalNode node, bool isAlive, CancellationToken cancel) =>
        events.WriteAsync("node", new FollowedNode(node.Manifest.NodeId, isAlive, node.Manifest.SpawnedAt), cancel);

    private async Task<bool> TellAsync(string nodeId, OutputBatch batch, CancellationToken cancel)
    {
        if (batch.Skipped > 0) await events.WriteAsync("skipped", new SkippedOutput(nodeId, batch.Skipped), cancel);
        var now = time.GetLocalNow();
        if (batch.Lines.Count > 0) await events.WriteAsync("lines", batch.Lines.Select(text => LogLine.Read(nodeId, text, now)), cancel, Cursor());
        return batch.More;
    }

    private string Cursor() => LogCursor.Write(_followed.Select(f => KeyValuePair.Create(f.Key, f.Value.Output.Position)));

    private sealed class Followed(OutputFollower output, bool wasAlive)
    {
        public OutputFollower Output => output;

        public bool WasAlive => wasAlive;

        public bool IsRead { get; set; }
    }
}
