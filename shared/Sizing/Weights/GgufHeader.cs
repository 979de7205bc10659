namespace Hypervize.Sizing.Weights;

/// <summary>Metadata of a GGUF file.</summary>
/// <param name="Architecture">Its <c>general.architecture</c>, which its other names begin with.</param>
/// <param name="Values">Numbers, lists of numbers and texts by name. Long lists, which are vocabularies, are left out.</param>
/// <param name="TensorBytes">Bytes of all its tensors; null when some have a type we don't know.</param>
/// <param name="Parameters">Elements of all its tensors.</param>
public sealed record GgufHeader(string? Architecture, IReadOnlyDictionary<string, object> Values, long? TensorBytes, long Parameters)
{
    /// <summary>A number of the architecture.</summary>
    /// <param name="name">Its name after the architecture's.</param>
    public long? Number(string name) => Values.GetValueOrDefault($"{Architecture}.{name}") is long number ? number : null;

    /// <summary>A number, or one for each layer.</summary>
    /// <param name="name">Its name after the architecture's.</param>
    public IReadOnlyList<long>? Numbers(string name) => Values.GetValueOrDefault($"{Architecture}.{name}") switch
    {
        long number => [number],
        IReadOnlyList<long> each => each,
        _ => null,
    };

    /// <summary>A text.</summary>
    /// <param name="name">Its whole name.</param>
    public string? Text(string name) => Values.GetValueOrDefault(name) as string;
}
