using Amazon.S3;
using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Sizing;

/// <summary>Finds a model wherever it is, and analyses it.</summary>
/// <param name="hub">The Hub.</param>
/// <param name="s3">Makes a client of S3, when one is needed.</param>
public sealed class ModelReader(HubClient hub, Func<IAmazonS3> s3)
{
    /// <summary>Analyses a model. When the Hub is out of reach, its name must do, and what is concluded from it is marked as an estimate.</summary>
    /// <param name="model">Reference of the model.</param>
    /// <param name="token">The caller's token for the Hub; null for the one from the environment.</param>
    /// <param name="quantization">The quantisation that is wanted of several GGUF files.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Answer<ModelAnalysis>> AnalyseAsync(string model, string? token, string? quantization, CancellationToken cancel)
    {
        var gguf = Fit.Need.Quantizations.Contains(quantization) ? null : quantization;
        var facts = ModelReference.Parse(model) switch
        {
            ModelReference.Hub its => await hub.ReadAsync(its, token, gguf, cancel),
            ModelReference.Bucket bucket => await BucketAsync(model, bucket, gguf, cancel),
            ModelReference.Folder folder => await OwnWeightsReader.ReadAsync(model, ModelOrigin.Folder, new FolderStore(folder.Path), gguf, cancel),
            ModelReference.Simulated simulated => Simulated(simulated.Name),
            _ => new ModelRefusal(ModelProblem.NotFound, $"'{model}' names no model. Give owner/name of the Hub, s3://bucket/prefix or the path of a folder."),
        };
        if (facts.Value is { } read) return Analysed(read, quantization);
        return facts.Refusal is { Problem: ModelProblem.Unreachable or ModelProblem.RateLimited } silent && Analyst.FromName(model, $"{silent.Message} What is quoted is an estimate by its name.") is { } estimate
            ? estimate
            : facts.Refusal!;
    }

    private static Answer<ModelAnalysis> Analysed(ModelFacts facts, string? quantization)
    {
        try
        {
            var answer = Analyst.Analyse(facts);
            return answer.Value is { } model && Fit.Need.Refusal(model, quantization) is { } refusal ? refusal : answer;
        }
        catch (Exception e) when (e is OverflowException or InvalidOperationException or FormatException)
        {
            // Documents are strangers' input: what no model has is no reason to fail.
            return new ModelRefusal(ModelProblem.Unsupported, $"What {facts.Model} says of itself can't be true. Choose another model, or another revision of it.");
        }
    }

    private async Task<Answer<ModelFacts>> BucketAsync(string model, ModelReference.Bucket bucket, string? quantization, CancellationToken cancel)
    {
        using var client = s3();
        return await OwnWeightsReader.ReadAsync(model, ModelOrigin.Bucket, new BucketStore(client, bucket.Name, bucket.Prefix), quantization, cancel);
    }

    // No weights at all, in the shape of a small model, so that all that follows from an analysis can be tried without one.
    private static ModelFacts Simulated(string name) => new(name, ModelOrigin.Hub)
    {
        ParametersByDtype = new Dictionary<string, long> { ["BF16"] = 500_000_000 }, HasChatTemplate = true,
        Config = System.Text.Json.JsonDocument.Parse("""
            {"architectures": ["SimulatedForCausalLM"], "model_type": "simulated", "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 32768}
            """).RootElement.Clone(),
    };
}
