using System.Text.Json.Serialization;

namespace Hypervize.Contracts;

/// <summary>How much a line of output matters, by a word of its own.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutputLevel>))]
public enum OutputLevel
{
    /// <summary>For who looks for a fault.</summary>
    [JsonStringEnumMemberName("debug")] Debug,

    /// <summary>What goes on.</summary>
    [JsonStringEnumMemberName("info")] Info,

    /// <summary>Something to look at.</summary>
    [JsonStringEnumMemberName("warning")] Warning,

    /// <summary>Something failed.</summary>
    [JsonStringEnumMemberName("error")] Error,
}

/// <summary>A line that a node printed.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="At">The time that the line itself bears; null when it bears none.</param>
/// <param name="Level">The level that the line itself bears; null when it bears none.</param>
/// <param name="Text">The whole line, time and level included.</param>
public sealed record OutputLine(string NodeId, DateTimeOffset? At, OutputLevel? Level, string Text);

/// <summary>A node whose output is followed.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Running">Whether it still runs.</param>
/// <param name="SpawnedAt">When it was spawned.</param>
public sealed record FollowedNode(string NodeId, bool Running, DateTimeOffset SpawnedAt);

/// <summary>Output that is not told, since who follows was too far behind.</summary>
/// <param name="NodeId">The node that printed it.</param>
/// <param name="Bytes">How much it was.</param>
public sealed record SkippedOutput(string NodeId, long Bytes);

/// <summary>Why output is not told any more.</summary>
/// <param name="Code">Stable code, as a refusal's.</param>
/// <param name="Message">Why, in words.</param>
public sealed record OutputEnd(string Code, string Message);
