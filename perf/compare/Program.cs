return await Mesh.Compare.CompareCommand.RunAsync(args, Console.Out);
