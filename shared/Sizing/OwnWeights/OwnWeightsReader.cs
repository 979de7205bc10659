using System.Text.Json;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.OwnWeights;

/// <summary>Reads what a user's own files tell of a model: the same that the Hub would tell, from the files themselves.</summary>
internal static class OwnWeightsReader
{
    private const int LargestDocument = 50 * 1024 * 1024;

    /// <summary>Reads a model.</summary>
    /// <param name="model">What the user calls it.</param>
    /// <param name="origin">Where it is.</param>
    /// <param name="store">Its files.</param>
    /// <param name="quantization">The quantisation of GGUF file that is wanted; null for the only one.</param>
    /// <param name="cancel">Stops.</param>
    public static async Task<Answer<ModelFacts>> ReadAsync(string model, ModelOrigin origin, WeightStore store, string? quantization, CancellationToken cancel)
    {
        try
        {
            var files = await store.ListAsync(cancel);
            if (files.Count == 0) return new ModelRefusal(ModelProblem.WeightsUnreadable, $"There are no files at {model}. Put config.json and the weights there, at its root.");
            var names = files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
            var facts = new ModelFacts(model, origin) { Revision = origin == ModelOrigin.Bucket ? BucketStore.Fingerprint(files) : null, Files = files, HasChatTemplate = names.Contains("chat_template.jinja") ? true : null };
            if (names.Contains("config.json")) facts = facts with { Config = await DocumentAsync(store, "config.json", cancel), IsConfigWhole = true };
            if (names.Contains("model.safetensors.index.json")) facts = WeightIndex.Into(facts, await DocumentAsync(store, "model.safetensors.index.json", cancel));
            if (facts.HasChatTemplate is null && names.Contains("tokenizer_config.json"))
                facts = facts with { HasChatTemplate = (await DocumentAsync(store, "tokenizer_config.json", cancel)) is { ValueKind: JsonValueKind.Object } tokenizer && tokenizer.TryGetProperty("chat_template", out _) };

            var weights = WeightSize.LoadedFiles(facts);
            if (facts.IndexedFiles is { } indexed && indexed.FirstOrDefault(f => !names.Contains(f)) is { } missing)
                return new ModelRefusal(ModelProblem.WeightsUnreadable, $"The index at {model} names {missing}, which is not there. Copy all files of the model.");
            if (weights.Count > 0 && weights.All(f => f.Path.EndsWith(".safetensors", StringComparison.Ordinal))) return await WithTensorsAsync(facts, weights, store, cancel);
            return weights.Count > 0 ? facts : await WithGgufAsync(facts, store, quantization, cancel);
        }
        catch (WeightsUnreadableException e)
        {
            return new ModelRefusal(ModelProblem.WeightsUnreadable, e.Message);
        }
        catch (MalformedWeightsException e)
        {
            return new ModelRefusal(ModelProblem.WeightsUnreadable, $"The weights at {model} can't be read. {e.Message}");
        }
        catch (JsonException e)
        {
            return new ModelRefusal(ModelProblem.WeightsUnreadable, $"A document at {model} is no JSON: {e.Message}");
        }
    }

    private static async Task<ModelFacts> WithTensorsAsync(ModelFacts facts, IReadOnlyList<ModelFile> weights, WeightStore store, CancellationToken cancel)
    {
        var byDtype = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var file in weights)
        {
            await using var stream = await store.OpenAsync(file.Path, cancel);
            var header = await SafetensorsReader.ReadAsync(stream, cancel);
            foreach (var (dtype, elements) in header.ParametersByDtype) byDtype[dtype] = byDtype.GetValueOrDefault(dtype) + elements;
        }
        return facts with { ParametersByDtype = byDtype };
    }

    private static async Task<Answer<ModelFacts>> WithGgufAsync(ModelFacts facts, WeightStore store, string? quantization, CancellationToken cancel)
    {
        var choices = GgufFiles.Of(facts.Files).Where(g => quantization is null || g.Quantization.Equals(quantization, StringComparison.OrdinalIgnoreCase)).ToList();
        if (choices.Count == 0)
            return new ModelRefusal(ModelProblem.WeightsUnreadable, $"There are no weights at {facts.Model}{(quantization is null ? "" : $" in {quantization}")}: neither safetensors nor GGUF files at its root.");
        if (choices.Count > 1)
            return new ModelRefusal(ModelProblem.WeightsUnreadable, $"There are several GGUF models at {facts.Model}: {string.Join(", ", choices.Select(c => c.File))}. Keep one, or say which quantization.");
        await using var stream = await store.OpenAsync(choices[0].File, cancel);
        var header = await GgufReader.ReadAsync(stream, cancel);
        return facts with { Gguf = choices[0] with { Metadata = header }, GgufArchitecture = header.Architecture, HasChatTemplate = header.Text("tokenizer.chat_template") is not null };
    }

    private static async Task<JsonElement> DocumentAsync(WeightStore store, string file, CancellationToken cancel)
    {
        await using var stream = await store.OpenAsync(file, cancel);
        using var document = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            document.Write(buffer, 0, read);
            if (document.Length > LargestDocument) throw new JsonException($"{file} is longer than {LargestDocument / 1024 / 1024} MB");
        }
        using var parsed = JsonDocument.Parse(document.ToArray());
        return parsed.RootElement.Clone();
    }
}
