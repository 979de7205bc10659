namespace Hypervize.Sizing.Weights;

/// <summary>A file as far as it is read.</summary>
/// <param name="Content">What is read; whoever has it disposes it.</param>
/// <param name="From">Where in the file it begins: at 0 where the server gives no parts.</param>
public sealed record PartialFile(Stream Content, long From);
