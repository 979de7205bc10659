using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.Tests;

/// <summary>Which files of a repository a node loads.</summary>
public sealed class NeededFilesSpecs
{
    [Fact]
    public void One_set_of_weights_is_needed_and_what_is_beside_it() => Assert.Equal(
        ["1_Pooling/config.json", "chat_template.jinja", "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "modeling_own.py", "tokenizer.model"],
        Needed(null, "config.json", "chat_template.jinja", "tokenizer.model", "modeling_own.py", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.fp16.safetensors",
            "consolidated.safetensors", "pytorch_model.bin", "original/consolidated.00.pth", "onnx/model.onnx", "onnx/config.json", "optimizer.pt", "demo.gif", ".gitattributes", "1_Pooling/config.json"));

    [Fact]
    public void All_parts_of_a_GGUF_file_are_needed_and_no_other() => Assert.Equal(
        ["tiny-Q8_0-00001-of-00002.gguf", "tiny-Q8_0-00002-of-00002.gguf"],
        Needed("tiny-Q8_0-00001-of-00002.gguf", "tiny-Q8_0-00001-of-00002.gguf", "tiny-Q8_0-00002-of-00002.gguf", "tiny-Q4_K_M.gguf", "config.json"));

    [Fact]
    public void An_adapter_needs_its_own_weights() => Assert.Equal(
        ["adapter_config.json", "adapter_model.safetensors", "tokenizer.json"],
        Needed(null, "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin", "tokenizer.json", "checkpoint-500/adapter_model.safetensors"));

    [Fact]
    public void A_repository_without_weights_needs_nothing() => Assert.Empty(Needed(null, "config.json", "README.md"));

    [Theory]
    [InlineData("../escaped.json")]
    [InlineData("1_Pooling/../../escaped.json")]
    [InlineData("/etc/escaped.json")]
    [InlineData("..")]
    [InlineData("a\\b.json")]
    public void No_path_leads_out_of_the_models_folder(string path) => Assert.Equal(["model.safetensors"], Needed(null, "model.safetensors", path));

    private static IEnumerable<string> Needed(string? gguf, params string[] files) =>
        NeededFiles.Of(new("me/model", ModelOrigin.Hub) { Files = [.. files.Select(f => new ModelFile(f, 1))] }, gguf).Select(f => f.Path).Order(StringComparer.Ordinal);
}
