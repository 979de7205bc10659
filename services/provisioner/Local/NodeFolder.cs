using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Weights;

namespace Hypervize.Provisioner.Local;

/// <summary>What was started in a node's folder.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="EndpointId">Its endpoint.</param>
/// <param name="Installation">The installation it belongs to.</param>
/// <param name="Spec">What it runs.</param>
/// <param name="Port">Port it listens on.</param>
/// <param name="Address">Base URL that proxies reach it by.</param>
/// <param name="Probe">How to ask it.</param>
/// <param name="SpawnedAt">When it was spawned.</param>
/// <param name="ReadyBy">When its start-up budget ends.</param>
/// <param name="Boot">Boot of the machine.</param>
/// <param name="TraceParent">The trace its start belongs to.</param>
/// <param name="Files">What it loads; null when it was started before weights were kept.</param>
/// <param name="Weights">How that came to be on its disk; null when it was given none.</param>
public sealed record NodeManifest(
    string NodeId, string EndpointId, string Installation, NodeSpec Spec, int Port, string Address, ProbePaths Probe, DateTimeOffset SpawnedAt,
    DateTimeOffset ReadyBy, string Boot, string? TraceParent, NodeFiles? Files = null, WeightLoad? Weights = null);

/// <summary>What was seen of a node's process, for the next run of the provisioner.</summary>
/// <param name="ReadyAt">First healthy answer.</param>
/// <param name="RuntimeReadyAt">When the runtime itself says it became ready.</param>
/// <param name="LastHealthyAt">Last healthy answer.</param>
/// <param name="LastAliveAt">When it was last seen alive.</param>
/// <param name="GoneAt">When it was seen to be gone.</param>
/// <param name="ExitCode">Its exit code, where known.</param>
public sealed record Sightings(
    DateTimeOffset? ReadyAt, DateTimeOffset? RuntimeReadyAt, DateTimeOffset? LastHealthyAt, DateTimeOffset? LastAliveAt, DateTimeOffset? GoneAt, int? ExitCode);

/// <summary>A node's folder: the record of what runs there, readable by any run of the provisioner.</summary>
/// <param name="path">Its full path; its name is the node's id.</param>
public sealed class NodeFolder(string path)
{
    /// <summary>Full path.</summary>
    public string Path => path;

    /// <summary>The node.</summary>
    public string NodeId => System.IO.Path.GetFileName(path);

    /// <summary>The node's output. Appended to by the node itself: a pipe would die with its reader, and take the node along.</summary>
    public OutputLog Output => new(At("output.log"));

    /// <summary>Stat line of the node's process, written by itself before it begins. Its existence is the claim: whoever comes second gives up.</summary>
    public string ProcessFile => At("process");

    /// <summary>What was started; null when nothing was.</summary>
    public NodeManifest? Manifest => Read<NodeManifest>(At("node.json"));

    /// <summary>What was seen; null when nothing was.</summary>
    public Sightings? Seen => Read<Sightings>(At("seen.json"));

    /// <summary>The node's process; null when none was started, or not yet.</summary>
    public NodeProcess? Process => Text(ProcessFile) is { } stat ? NodeProcess.From(stat) : null;

    /// <summary>Writes what is about to be started.</summary>
    /// <param name="manifest">What.</param>
    public void Write(NodeManifest manifest)
    {
        Directory.CreateDirectory(path);
        Write(At("node.json"), manifest);
    }

    /// <summary>Writes what was seen.</summary>
    /// <param name="seen">What.</param>
    public void Write(Sightings seen) => Write(At("seen.json"), seen);

    /// <summary>Removes it.</summary>
    public void Delete() => Directory.Delete(path, recursive: true);

    private string At(string file) => System.IO.Path.Combine(path, file);

    // Whole or not at all, also when two replicas of the provisioner see the same.
    private static void Write<T>(string file, T value)
    {
        var draft = $"{file}.{Environment.ProcessId}";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(value, Json.Options));
        File.Move(draft, file, overwrite: true);
    }

    private static T? Read<T>(string file) where T : class
    {
        try
        {
            return Text(file) is { } json ? JsonSerializer.Deserialize<T>(json, Json.Options) : null;
        }
        catch (JsonException)
        {
            return null; // Not ours, or of another version; the sweep's look at the tags of processes does not need it.
        }
    }

    private static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
