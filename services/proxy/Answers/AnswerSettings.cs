using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy.Answers;

/// <summary>How much of answers is kept here.</summary>
public sealed class AnswerSettings
{
    /// <summary>Most bytes of large answers, over all requests, that are kept until they are whole.</summary>
    [Range(1, long.MaxValue)] public long MaxCollectedBytes { get; set; } = 512L * 1024 * 1024;
}
